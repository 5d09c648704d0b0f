/*
 * How long unregister and update take while 0, 1, 16, 64, 256, 1024 or 4096 fixed requests are in flight that
 * use the buffer. Where unregister waits for the requests, the time from their release to its return
 * counts: what the kernel adds to what the application itself is waiting for.
 *
 * Invariants, in every design: both calls succeed in bounded time; every request moves its bytes.
 *
 * Kernels: 5.13 and later. To be measured with profile `bare`; elsewhere it is a test like others.
 *
 * Tells apart: unregister that waits for the requests (waited) from one that does not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "call.h"
#include "clock.h"
#include "hold.h"
#include "memory.h"
#include "program.h"
#include "register.h"
#include "samples.h"

#define MOST_IN_FLIGHT 4096
#define BYTES 8
/* Time for the samples of one number of requests. */
#define BUDGET_MS 700
#define MOST_SAMPLES 60
/* A call that has not returned after so long waits for the requests. */
#define WAITS_MS 20
#define SECOND_STEP_NS 900000000

/* Requests that all read from one socket: a single write lets all of them go. */
struct crowd {
	struct ring ring;
	struct hold socket;
	struct region region;
	struct region other; /* for updates */
	unsigned count;
	uint64_t first_id;
};

static void crowd_open(struct crowd *crowd, unsigned count)
{
	const size_t pages = (MOST_IN_FLIGHT * BYTES + page_size() - 1) / page_size();
	const int room = 4 * MOST_IN_FLIGHT * BYTES;

	memset(crowd, 0, sizeof(*crowd));
	crowd->count = count;
	ring_open(&crowd->ring, (struct ring_options){ .entries = count ? count : 1 });
	hold_open_through(&crowd->socket);
	setsockopt(crowd->socket.write_fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	region_map(&crowd->region, pages, "the memory of many requests");
	region_map(&crowd->other, pages, "the memory of an update");
}

static void crowd_close(struct crowd *crowd)
{
	ring_check(&crowd->ring);
	ring_close(&crowd->ring);
	hold_close(&crowd->socket);
	region_unmap(&crowd->region);
	region_unmap(&crowd->other);
}

static void submit(struct crowd *crowd, const struct region *named)
{
	for (unsigned i = 0; i < crowd->count; i++) {
		struct io_uring_sqe *sqe = ring_sqe(&crowd->ring);

		io_uring_prep_read_fixed(sqe, crowd->socket.read_fd, named->base + i * BYTES, BYTES, (uint64_t)-1, 0);
		sqe->user_data = ring_announce(&crowd->ring, "READ_FIXED of a crowd");
		if (i == 0)
			crowd->first_id = sqe->user_data;
	}
	if (crowd->count)
		ring_submit(&crowd->ring, crowd->count);
}

static void let_go(struct crowd *crowd)
{
	static char bytes[MOST_IN_FLIGHT * BYTES];
	size_t length = crowd->count * BYTES;

	if (length && send(crowd->socket.write_fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
		error_now("send: %s", strerror(errno));
}

static void await_all(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->count; i++) {
		int res = ring_await(&crowd->ring, crowd->first_id + i).res;

		if (res != BYTES)
			fail("every request in flight to move its bytes", text("result %s", result_text(res)));
	}
}

/* The measured call; its time is its own when it does not wait for the requests. */
struct measured {
	struct crowd *crowd;
	int64_t called_ns;
	int64_t returned_ns;
};

static long unregister(void *argument)
{
	struct measured *measured = argument;
	int res;

	measured->called_ns = fine_ns();
	res = unregister_buffers(&measured->crowd->ring);
	measured->returned_ns = fine_ns();
	return res;
}

/* True when the call waited. */
static bool sample_unregister(struct crowd *crowd, struct samples *samples)
{
	struct measured measured = { .crowd = crowd };
	struct iovec buffer = region_iovec(&crowd->region);
	int64_t released_ns, start;
	struct call call;
	bool waited;

	register_or_leave(&crowd->ring, &buffer, 1, NULL);
	submit(crowd, &crowd->region);
	call_init(&call, "unregister", unregister, &measured);
	if (crowd->count == 0)
		call_here(&call);
	else
		call_start(&call);
	start = clock_ns();
	while (!call_returned(&call) && ms_since(start) <= WAITS_MS)
		sleep_ms(1);
	released_ns = fine_ns();
	let_go(crowd);
	await_all(crowd);
	if (call_end(&call) != 0)
		fail_now("unregister to succeed", text("result %s", result_text(call.result)));
	waited = measured.returned_ns > released_ns;
	samples_add(samples, measured.returned_ns - (waited ? released_ns : measured.called_ns));
	return waited;
}

static void measure_unregister(struct run *run, unsigned count)
{
	struct samples samples = { 0 };
	struct deadline deadline = deadline_in_ms(BUDGET_MS * run->rounds);
	unsigned waited = 0, steps = 0, total = 0;
	struct crowd crowd;

	fine_ns();
	crowd_open(&crowd, count);
	while (total < MOST_SAMPLES * run->rounds && (total == 0 || !deadline_passed(deadline))) {
		waited += sample_unregister(&crowd, &samples);
		steps += samples.values[total] > SECOND_STEP_NS;
		total++;
	}
	crowd_close(&crowd);
	samples_print(&samples, text("unregister_with_%u", count));
	observe_measure("waited", waited, text("of-%u", total));
	observe_measure("longer_than_a_second", steps, text("of-%u", total));
}

static void measure_update(struct run *run, unsigned count)
{
	struct samples samples = { 0 };
	struct deadline deadline = deadline_in_ms(BUDGET_MS * run->rounds);
	struct crowd crowd;
	struct iovec buffer;

	fine_ns();
	crowd_open(&crowd, count);
	buffer = region_iovec(&crowd.region);
	register_or_leave(&crowd.ring, &buffer, 1, NULL);
	for (unsigned i = 0; i < MOST_SAMPLES * run->rounds && (i == 0 || !deadline_passed(deadline)); i++) {
		const struct region *now = i % 2 ? &crowd.other : &crowd.region;
		const struct region *next = i % 2 ? &crowd.region : &crowd.other;
		int64_t start;
		int res;

		submit(&crowd, now);
		buffer = region_iovec(next);
		start = fine_ns();
		res = update_buffers(&crowd.ring, 0, &buffer, 1, NULL);
		samples_add(&samples, fine_ns() - start);
		if (res != 1)
			fail_now("one slot updated", text("result %s", result_text(res)));
		let_go(&crowd);
		await_all(&crowd);
	}
	if (unregister_buffers(&crowd.ring) != 0)
		fail("to unregister at the end", "an error");
	crowd_close(&crowd);
	samples_print(&samples, text("update_with_%u", count));
}

#define MEASURE(count)                                              \
	static void unregister_##count(struct run *run)             \
	{                                                           \
		measure_unregister(run, count);                     \
	}                                                           \
	static void update_##count(struct run *run)                 \
	{                                                           \
		measure_update(run, count);                         \
	}

MEASURE(0)
MEASURE(1)
MEASURE(16)
MEASURE(64)
MEASURE(256)
MEASURE(1024)
MEASURE(4096)

static const struct point points[] = {
	{ "unregister-0", "unregister, no request in flight", 1, unregister_0 },
	{ "unregister-1", "unregister, one request in flight", 1, unregister_1 },
	{ "unregister-16", "unregister, 16 requests in flight", 1, unregister_16 },
	{ "unregister-64", "unregister, 64 requests in flight", 1, unregister_64 },
	{ "unregister-256", "unregister, 256 requests in flight", 1, unregister_256 },
	{ "unregister-1024", "unregister, 1024 requests in flight", 1, unregister_1024 },
	{ "unregister-4096", "unregister, 4096 requests in flight", 1, unregister_4096 },
	{ "update-0", "update of a slot, no request in flight", 1, update_0 },
	{ "update-1", "update of a slot that one request uses", 1, update_1 },
	{ "update-16", "update of a slot that 16 requests use", 1, update_16 },
	{ "update-64", "update of a slot that 64 requests use", 1, update_64 },
	{ "update-256", "update of a slot that 256 requests use", 1, update_256 },
	{ "update-1024", "update of a slot that 1024 requests use", 1, update_1024 },
	{ "update-4096", "update of a slot that 4096 requests use", 1, update_4096 },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "change-latency",
		.summary = "how long unregister and update take, by the number of requests in flight",
		.details =
			"Prints samples. Where unregister waits for the requests, the time from their release\n"
			"to its return counts.\n"
			"Invariants: both calls succeed in bounded time; every request moves its bytes.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
