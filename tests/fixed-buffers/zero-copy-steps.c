/*
 * A zero-copy send from a registered buffer of more than the sockets take at once (MSG_WAITALL):
 * the kernel sends it in many steps. In between, the slot is updated, or the buffers unregistered.
 *
 * Invariants, in every design:
 *   - all bytes come from one memory, and it is the one that was registered when the first was
 *     sent;
 *   - the send completes exactly once, with all its bytes, and is notified exactly once;
 *   - an unregister that waits returns when the last step is done; nothing stays pinned.
 *
 * Kernels: 6.0 and later, with TCP over the loopback device.
 *
 * Tells apart: unregister that waits for its users from users that keep alive what they use.
 * Catches a step that looks its buffer up again: one send, two memories.
 */
#include <errno.h>
#include <sys/socket.h>

#include "call.h"
#include "clock.h"
#include "partial.h"
#include "pins.h"
#include "program.h"
#include "tcp-pair.h"
#include "trial.h"

/* More than the sockets take at once. */
#define SENT_PAGES 128u

/*
 * Takes what has been sent, a bit at a time, and looks whose bytes they are; the stream holds the
 * buffer's from `offset` on. Waits until `length` bytes have come.
 */
static const char *memory_of_stream(const struct partial *partial, int fd, size_t offset, size_t length)
{
	static unsigned char bytes[SENT_PAGES * 4096];
	struct deadline deadline = deadline_in_ms(WAIT_MS);
	size_t taken = 0;
	long not_old;

	while (taken < length && !deadline_passed(deadline)) {
		ssize_t res = recv(fd, bytes + taken, length - taken, MSG_DONTWAIT);

		if (res > 0)
			taken += (size_t)res;
		else
			sleep_ms(1);
	}
	if (taken < length)
		fail_now(text("%zu bytes to arrive", length), text("%zu", taken));
	not_old = pattern_mismatch(bytes, partial->old.pattern, offset, length);
	if (not_old < 0)
		return "old";
	if (pattern_mismatch(bytes, partial->fresh.pattern, offset, length) < 0)
		return "new";
	fail("all bytes of a send from one memory", text("byte %ld is not the old memory's", not_old));
	return "both";
}

/* A send of more than the sockets take at once, which is to send all of it (MSG_WAITALL). */
static void zero_copy_send(struct run *run, const char *what, long (*action)(void *partial))
{
	const size_t offset = 1 + rng_below(&run->rng, page_size());
	struct completion sent;
	struct partial partial;
	struct io_uring_sqe *sqe;
	struct tcp_pair pair;
	struct call call;
	size_t length;
	bool returned;
	long pins;

	tcp_pair_open(&pair);
	pins = pins_at_rest();
	partial_open(&partial, SENT_PAGES);
	length = partial.fresh.length - offset;
	sqe = ring_sqe(&partial.ring);
	io_uring_prep_send_zc_fixed(sqe, pair.send_fd, partial.fresh.base + offset, length, MSG_WAITALL,
				    0, 0);
	partial.id = ring_announce(&partial.ring, "SEND_ZC in many steps");
	sqe->user_data = partial.id;
	ring_submit(&partial.ring, 1);
	ring_reap(&partial.ring);
	sent = ring_look(&partial.ring, partial.id);
	if (sent.order && sent.res == -EINVAL)
		skip_now("the kernel has no zero-copy send (before 6.0)");
	if (sent.order)
		error_now("the sockets took %zu bytes at once: %d", length, sent.res);
	call_init(&call, what, action, &partial);
	call_start(&call);
	returned = call_returns_or_waits(&call);
	observe(text("%s_waited", what), returned ? "no" : "yes");
	observe("memory", memory_of_stream(&partial, pair.receive_fd, offset, length));
	sent = ring_await_notified(&partial.ring, partial.id);
	observe("result", sent.res == (int)length ? "full" : text("%d", sent.res));
	if (call_end(&call) < 0)
		fail(text("%s to succeed", what), text("result %s", result_text(call.result)));
	partial_close(&partial, &run->rng, action == partial_update);
	tcp_pair_close(&pair);
	pins_check(pins, "after the ring's end");
}

static void send_update(struct run *run)
{
	zero_copy_send(run, "update", partial_update);
}

static void send_unregister(struct run *run)
{
	zero_copy_send(run, "unregister", partial_unregister);
}

static const struct point points[] = {
	{ "update", "a zero-copy send in many steps; update meanwhile", 1, send_update },
	{ "unregister", "the same; unregister meanwhile", 1, send_unregister },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "zero-copy-steps",
		.summary = "zero-copy sends done in many steps, and their buffer replaced in between",
		.details =
			"Invariants: all bytes come from one memory, that which was registered when the first\n"
			"was sent; the send completes once and is notified once; nothing stays pinned.\n"
			"Tells apart: unregister that waits for its users from one that does not.\n"
			"Catches a step that looks its buffer up again.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
