/*
 * SEND_ZC from a registered buffer: the network holds the pages until the peer has taken the bytes,
 * long after the request has completed; the notification says when. Meanwhile the buffer is
 * unregistered or replaced, or the ring is closed.
 *
 * Invariants, in every design:
 *   - a send completes once, with all its bytes or with EFAULT and none; a notification follows
 *     exactly when the completion says so (F_MORE), once, and not before the peer can have the bytes;
 *   - the peer gets the bytes of the memory that was registered, or of the memory registered under
 *     the same addresses since, never a mix, whatever is done to the registration;
 *   - the tag of a replaced buffer does not come before the notification of a send that uses it;
 *   - the memory stays pinned until the notification, also when the ring has been closed; nothing
 *     stays pinned afterwards; unregister returns in bounded time once the peer has read.
 *
 * Kernels: 6.1 and later (fixed buffers for SEND_ZC as they are now).
 *
 * Tells apart: unregister that waits for the notification (unregister_waited=yes) from one that does
 * not; selection at submission (linked: result=full) from look-up at issue (result=-14).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "gate.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "stream.h"
#include "trial.h"

#define TAG_MS 3000u

/* In which way the send is submitted. */
enum way { WAY_INLINE, WAY_ASYNC, WAY_LINKED };

struct send {
	enum way way;
	struct ring ring;
	struct stream stream;
	struct region old;
	struct region fresh; /* at the same addresses, where the buffer is replaced */
	struct gate gate;
	size_t offset;
	size_t length;
	uint64_t id;
	uint64_t tag;
	long pins_before;
};

static void skip_without(const struct ring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring((struct io_uring *)&ring->uring);

	if (!probe || !io_uring_opcode_supported(probe, IORING_OP_SEND_ZC))
		skip_now("the kernel has no SEND_ZC (before 6.0)");
	io_uring_free_probe(probe);
}

static void prepare(struct send *send)
{
	struct io_uring_sqe *sqe;

	if (send->way == WAY_LINKED)
		gate_prepare(&send->gate, &send->ring);
	sqe = ring_sqe(&send->ring);
	io_uring_prep_send_zc_fixed(sqe, send->stream.pair.send_fd, send->old.base + send->offset, send->length,
				    MSG_NOSIGNAL, 0, 0);
	sqe->flags = send->way == WAY_ASYNC ? IOSQE_ASYNC : 0;
	send->id = ring_announce(&send->ring, "SEND_ZC");
	sqe->user_data = send->id;
}

static void send_begin(struct send *send, enum way way, struct rng *rng)
{
	struct iovec buffer;

	memset(send, 0, sizeof(*send));
	send->way = way;
	ring_open(&send->ring, (struct ring_options){ .entries = 8 });
	skip_without(&send->ring);
	stream_open(&send->stream);
	stream_stuff(&send->stream);
	region_map(&send->old, BUFFER_PAGES, "the old memory");
	buffer = region_iovec(&send->old);
	send->pins_before = pins_at_rest();
	send->tag = ring_announce_optional(&send->ring, "the tag of the old memory");
	register_or_leave(&send->ring, &buffer, 1, &send->tag);
	send->length = 64 + rng_below(rng, 2 * page_size() - 64);
	send->offset = rng_below(rng, send->old.length - send->length + 1);
	prepare(send);
	ring_submit(&send->ring, way == WAY_LINKED ? 2 : 1);
	if (way != WAY_LINKED && ring_await(&send->ring, send->id).res != (int)send->length)
		fail_now("SEND_ZC to send all its bytes", text("result %d", ring_look(&send->ring, send->id).res));
}

/* The peer takes what was sent; the bytes must be those of one memory. */
static void peer_reads(struct send *send, bool sent)
{
	unsigned char bytes[2 * 4096];
	const struct region *fresh = send->fresh.base ? &send->fresh : NULL;

	stream_receive(&send->stream, bytes, sent ? send->length : 0);
	if (sent && pattern_mismatch(bytes, send->old.pattern, send->offset, send->length) >= 0 &&
	    (!fresh || pattern_mismatch(bytes, fresh->pattern, send->offset, send->length) >= 0))
		fail("the bytes of one registered memory", pattern_describe(bytes, send->length));
	if (!stream_is_empty(&send->stream))
		fail("nothing more from the peer", "there is more");
}

static void expect_notification(struct send *send, bool tag_is_due)
{
	ring_await_notified(&send->ring, send->id);
	if (tag_is_due && !ring_await_within(&send->ring, send->tag, TAG_MS))
		fail("the tag of the replaced buffer", text("none within %u ms", TAG_MS));
}

/* The network has the pages, and the peer has not read: nothing may say that they are free. */
static void expect_silence(struct send *send)
{
	settle();
	ring_reap(&send->ring);
	if (ring_look(&send->ring, send->id).notified)
		fail("no notification before the peer can have the bytes", "it has come");
	if (ring_look(&send->ring, send->tag).order)
		fail("no tag before the notification of the send that uses the buffer", "it has come");
	if (send->pins_before >= 0 && pins_outstanding() - send->pins_before < BUFFER_PAGES)
		fail("the pages pinned while the network has them", text("%ld", pins_outstanding()));
}

static void send_end(struct send *send, struct rng *rng)
{
	unregister_buffers(&send->ring);
	check_usable(&send->ring, rng);
	ring_check(&send->ring);
	ring_close(&send->ring);
	pins_check(send->pins_before, "after the peer has read");
	stream_close(&send->stream);
	if (send->way == WAY_LINKED)
		gate_close(&send->gate);
	region_unmap(&send->old);
	region_unmap(&send->fresh);
}

static long unregister(void *send)
{
	return unregister_buffers(&((struct send *)send)->ring);
}

static long replace(void *argument)
{
	struct send *send = argument;
	struct iovec buffer = region_iovec(&send->fresh);
	int res = update_buffers(&send->ring, 0, &buffer, 1, NULL);

	return res == 1 ? 0 : res < 0 ? res : -EINVAL;
}

static void act_before_read(struct run *run, enum way way, const char *what, long (*action)(void *send))
{
	struct agreed waited = { 0 }, result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct send send;
		struct call call;
		int res;

		send_begin(&send, way, &run->rng);
		if (action == replace) {
			struct region moved;

			send.fresh = send.old;
			region_swap_pages(&send.fresh, &moved, "the new memory");
			send.old = moved;
		}
		call_init(&call, what, action, &send);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		if (way == WAY_LINKED)
			gate_open(&send.gate);
		res = ring_await(&send.ring, send.id).res;
		if (way != WAY_LINKED)
			expect_silence(&send);
		if (res != (int)send.length && res != -EFAULT)
			fail("SEND_ZC to send all its bytes or to fail with EFAULT", text("result %s", result_text(res)));
		agreed_add(&result, res == (int)send.length ? "full" : text("%d", res));
		peer_reads(&send, res > 0);
		if (call_end(&call) != 0)
			fail(text("%s to succeed", what), text("result %s", result_text(call.result)));
		expect_notification(&send, action == replace);
		send_end(&send, &run->rng);
	}
	observe_agreed(text("%s_waited", what), &waited);
	observe_agreed("result", &result);
}

static void sent(struct run *run)
{
	act_before_read(run, WAY_INLINE, "unregister", unregister);
}

static void sent_by_worker(struct run *run)
{
	act_before_read(run, WAY_ASYNC, "unregister", unregister);
}

static void linked(struct run *run)
{
	act_before_read(run, WAY_LINKED, "unregister", unregister);
}

static void replaced(struct run *run)
{
	act_before_read(run, WAY_INLINE, "update", replace);
}

static void linked_replaced(struct run *run)
{
	act_before_read(run, WAY_LINKED, "update", replace);
}

static void ring_closed(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct send send;

		send_begin(&send, WAY_INLINE, &run->rng);
		ring_close(&send.ring);
		settle();
		if (send.pins_before >= 0 && pins_outstanding() - send.pins_before < BUFFER_PAGES)
			fail("the pages pinned while the network has them", text("%ld", pins_outstanding()));
		peer_reads(&send, true);
		pins_check(send.pins_before, "after the peer has read");
		stream_close(&send.stream);
		region_unmap(&send.old);
	}
}

static const struct point points[] = {
	{ "sent", "sent, not read by the peer; unregister", 2, sent },
	{ "sent-by-worker", "the same, sent by a worker", 1, sent_by_worker },
	{ "linked", "submitted, not issued, behind a plain read; unregister", 1, linked },
	{ "replaced", "sent, not read by the peer; update at the same addresses", 1, replaced },
	{ "linked-replaced", "submitted, not issued; update at the same addresses", 1, linked_replaced },
	{ "ring-closed", "sent, not read by the peer; the ring is closed", 1, ring_closed },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "send-zc-fixed",
		.summary = "SEND_ZC from a buffer that is let go before the peer has read",
		.details =
			"Invariants: the peer gets the bytes of one registered memory; the notification comes\n"
			"once, and not before the peer can have them; tags do not overtake it; pages stay\n"
			"pinned until then, and no longer.\n"
			"Tells apart: unregister that waits for the notification; buffer selected at\n"
			"submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
