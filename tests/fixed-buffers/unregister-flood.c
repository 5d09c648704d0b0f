/*
 * Unregister against a thread that submits without a pause, and that thread against unregister.
 *
 * Invariants, in every design:
 *   - unregister comes to its end within six seconds although another thread goes on submitting:
 *     NOPs, which have nothing to do with buffers, or fixed requests, which have;
 *   - no io_uring_enter takes longer than a second and a half because another thread registers and
 *     unregisters a thousand times a second, and none is refused;
 *   - each fixed request completes once, with all its bytes or with EFAULT.
 *
 * Kernels: 5.11 and later.
 *
 * Tells no designs apart; how long the calls take, and how many requests meet an empty table, are
 * measurements.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "memory.h"
#include "program.h"
#include "register.h"
#include "watch.h"

#define ENTER_MS 1500u
#define STARVED_MS 6000u
#define BATCH 16
#define BYTES 64u

/* One ring, a thread that submits without a pause, and one that registers and unregisters. */
struct flood {
	struct ring ring;
	struct region region;
	int zero; /* /dev/zero */
	bool fixed;
	_Atomic bool over;
	_Atomic unsigned enters;
	unsigned full;
	unsigned efaults;
	double longest_ms;
	pthread_t thread;
};

static void prepare_request(struct flood *flood, struct io_uring_sqe *sqe, unsigned i)
{
	if (flood->fixed)
		io_uring_prep_read_fixed(sqe, flood->zero, flood->region.base + i * BYTES, BYTES, 0, 0);
	else
		io_uring_prep_nop(sqe);
	/* Some by way of a worker: those are in flight for longer. */
	sqe->flags = i % 8 == 0 ? IOSQE_ASYNC : 0;
	sqe->user_data = ring_announce(&flood->ring, flood->fixed ? "READ_FIXED" : "NOP");
}

static void count_result(struct flood *flood, int res)
{
	if (flood->fixed && res != (int)BYTES && res != -EFAULT)
		fail("a fixed read of all bytes, or EFAULT", text("result %s", result_text(res)));
	if (!flood->fixed && res != 0)
		fail("a NOP to succeed", text("result %s", result_text(res)));
	flood->full += res >= 0;
	flood->efaults += res < 0;
}

static void *keep_submitting(void *argument)
{
	struct flood *flood = argument;

	while (!atomic_load(&flood->over)) {
		uint64_t ids[BATCH];
		int64_t start;

		for (unsigned i = 0; i < BATCH; i++) {
			struct io_uring_sqe *sqe = ring_sqe(&flood->ring);

			prepare_request(flood, sqe, i);
			ids[i] = sqe->user_data;
		}
		start = clock_ns();
		ring_submit(&flood->ring, BATCH);
		if (ms_since(start) > flood->longest_ms)
			flood->longest_ms = ms_since(start);
		atomic_fetch_add(&flood->enters, 1);
		for (unsigned i = 0; i < BATCH; i++)
			count_result(flood, ring_await(&flood->ring, ids[i]).res);
	}
	return NULL;
}

/* Until one batch has been submitted and has ended since. */
static void await_batches(struct flood *flood)
{
	unsigned before = atomic_load(&flood->enters);
	int watch = watch_begin("submissions, while another thread registers and unregisters", STARVED_MS);

	while (atomic_load(&flood->enters) - before < 2)
		sched_yield();
	watch_end(watch);
}

static void flood_run(struct run *run, bool fixed, unsigned pause_ms)
{
	struct flood flood = { .fixed = fixed, .zero = open("/dev/zero", O_RDONLY | O_CLOEXEC) };
	struct iovec buffer;
	double longest_ms = 0;

	if (flood.zero < 0)
		error_now("/dev/zero: %s", strerror(errno));
	ring_open(&flood.ring, (struct ring_options){ .entries = 2 * BATCH });
	region_map(&flood.region, 1, "the memory of a flood");
	buffer = region_iovec(&flood.region);
	if (pthread_create(&flood.thread, NULL, keep_submitting, &flood))
		error_now("cannot start a thread");
	for (unsigned round = 0; round < run->rounds; round++) {
		int64_t start;
		int watch;

		register_or_leave(&flood.ring, &buffer, 1, NULL);
		if (pause_ms)
			sleep_ms(pause_ms);
		else
			await_batches(&flood);
		start = clock_ns();
		watch = watch_begin("unregister, while another thread submits without a pause", STARVED_MS);
		if (unregister_buffers(&flood.ring) != 0)
			fail("unregister to succeed", "an error");
		watch_end(watch);
		if (ms_since(start) > longest_ms)
			longest_ms = ms_since(start);
	}
	atomic_store(&flood.over, true);
	pthread_join(flood.thread, NULL);
	if (flood.longest_ms > ENTER_MS)
		fail(text("every io_uring_enter to return within %u ms", ENTER_MS),
		     text("%.0f ms", flood.longest_ms));
	ring_check(&flood.ring);
	ring_close(&flood.ring);
	region_unmap(&flood.region);
	observe_measure("longest_unregister_ms", longest_ms, "ms");
	observe_measure("longest_enter_ms", flood.longest_ms, "ms");
	observe_measure("enters", atomic_load(&flood.enters), "times");
	if (fixed)
		observe_measure("full", flood.full, text("of-%u", flood.full + flood.efaults));
}

static void nop_flood(struct run *run)
{
	flood_run(run, false, 0);
}

static void fixed_flood(struct run *run)
{
	flood_run(run, true, 0);
}

static void thousand_a_second(struct run *run)
{
	flood_run(run, true, 1);
}

static const struct point points[] = {
	{ "nop-flood", "unregister against a thread that submits NOPs without a pause", 12, nop_flood },
	{ "fixed-flood", "the same with fixed requests", 12, fixed_flood },
	{ "thousand-a-second", "fixed requests against a registration every millisecond", 40, thousand_a_second },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "unregister-flood",
		.summary = "unregister against a thread that submits without a pause",
		.details =
			"Invariants: unregister comes to its end although others submit without a pause; no\n"
			"io_uring_enter is held up for more than a second and a half, or refused; fixed\n"
			"requests move all their bytes or fail with EFAULT.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
