/*
 * SEND_ZC of datagrams from a registered buffer that is unregistered at once: the send is on its way
 * to a worker, in the worker, or done, and its notification comes when the datagram has been taken
 * over.
 *
 * Invariants, in every design:
 *   - a send completes once, with all its bytes or with EFAULT; a notification follows exactly when
 *     the completion says so, once;
 *   - a datagram arrives exactly when the send says so, with the registered memory's bytes;
 *   - unregister succeeds in bounded time; nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 6.1 and later.
 *
 * Tells apart: buffer selected at submission (efault_seen=no) from looked up at issue (yes).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "pins.h"
#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

#define ARRIVES_MS 5000

struct datagrams {
	int send_fd;
	int receive_fd;
};

static int open_bound(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (fd < 0 || bind(fd, (struct sockaddr *)address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0)
		skip_now("no UDP over the loopback device: %s", strerror(errno));
	return fd;
}

static void datagrams_open(struct datagrams *datagrams)
{
	struct sockaddr_in to, from;

	datagrams->receive_fd = open_bound(&to);
	datagrams->send_fd = open_bound(&from);
	if (connect(datagrams->send_fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		skip_now("no UDP over the loopback device: %s", strerror(errno));
}

/* Waits for the datagram when one has been sent; else looks whether one is there. */
static size_t receive(const struct datagrams *datagrams, unsigned char *bytes, size_t size, bool sent)
{
	struct pollfd ready = { .fd = datagrams->receive_fd, .events = POLLIN };
	ssize_t got;

	if (poll(&ready, 1, sent ? ARRIVES_MS : 0) <= 0)
		return 0;
	got = recv(datagrams->receive_fd, bytes, size, MSG_DONTWAIT);
	return got > 0 ? (size_t)got : 0;
}

static void race_once(struct racer *racer, struct ring *ring, struct region *region,
		      const struct datagrams *datagrams)
{
	size_t length = 64 + rng_below(&racer->rng, 2 * page_size() - 64);
	size_t offset = rng_below(&racer->rng, region->length - length + 1);
	struct iovec buffer = region_iovec(region);
	struct io_uring_sqe *sqe = ring_sqe(ring);
	unsigned char bytes[2 * 4096];
	struct completion sent;
	uint64_t id = ring_announce(ring, "SEND_ZC of a datagram");
	size_t got;

	register_or_leave(ring, &buffer, 1, NULL);
	io_uring_prep_send_zc_fixed(sqe, datagrams->send_fd, region->base + offset, length, 0, 0, 0);
	sqe->flags = IOSQE_ASYNC;
	sqe->user_data = id;
	ring_submit(ring, 1);
	if (unregister_buffers(ring) != 0)
		fail_now("unregister to succeed", "an error");
	sent = ring_await_notified(ring, id);
	if (sent.res == -EINVAL && racer->requests == 0)
		skip_now("the kernel has no SEND_ZC (before 6.0)");
	if (sent.res != (int)length && sent.res != -EFAULT)
		fail("SEND_ZC to send all its bytes or to fail with EFAULT", text("result %s", result_text(sent.res)));
	got = receive(datagrams, bytes, sizeof(bytes), sent.res > 0);
	if (got != (sent.res > 0 ? length : 0))
		fail(text("%zu bytes to arrive", sent.res > 0 ? length : (size_t)0), text("%zu", got));
	else if (pattern_mismatch(bytes, region->pattern, offset, got) >= 0)
		fail("the registered memory's bytes", pattern_describe(bytes, got));
	racer->requests++;
	racer->hits += sent.res == -EFAULT;
}

static void race(struct racer *racer)
{
	struct datagrams datagrams;
	struct region region;
	struct ring ring;

	datagrams_open(&datagrams);
	ring_open(&ring, (struct ring_options){ .entries = 8 });
	region_map(&region, BUFFER_PAGES, "the memory of a sender");
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ring, &region, &datagrams);
	check_usable(&ring, &racer->rng);
	ring_check(&ring);
	ring_close(&ring);
	region_unmap(&region);
	close(datagrams.send_fd);
	close(datagrams.receive_fd);
}

static void at_once(struct run *run)
{
	long pins = pins_at_rest();

	racers_run(run, &(struct race){ .threads = 6, .body = race, .hit = "efault", .by_design = true });
	pins_check(pins, "after the race");
}

static const struct point points[] = {
	{ "at-once", "send with IOSQE_ASYNC and unregister at once, from six threads", 240, at_once },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "send-zc-datagram",
		.summary = "SEND_ZC of datagrams from a buffer that is unregistered at once",
		.details =
			"Invariants: a send moves all its bytes or fails with EFAULT, and is notified exactly\n"
			"when it said so; a datagram arrives exactly when the send says so, with the\n"
			"registered memory's bytes; nothing stays pinned.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
