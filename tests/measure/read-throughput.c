/*
 * What a fixed read costs and what a plain one costs, issued inline, by workers (IOSQE_ASYNC), or
 * linked, while another thread updates the slot 0, 10 or 1000 times a second.
 *
 * Invariants, in every design: each read moves all its bytes (the slot is never empty); every update
 * succeeds.
 *
 * Kernels: 5.13 and later. To be measured with profile `bare`; elsewhere it is a test like others.
 *
 * Samples are nanoseconds for one read, over windows of WINDOW_MS.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "program.h"
#include "register.h"
#include "samples.h"
#include "zero-reads.h"

#define WINDOW_MS 50
#define WINDOWS 4

struct churn {
	struct ring *ring;
	struct region *region;
	unsigned per_second;
	_Atomic bool over;
	unsigned done;
};

static void *keep_updating(void *argument)
{
	struct churn *churn = argument;
	struct iovec buffer = region_iovec(churn->region);
	int64_t start = clock_ns();

	while (!atomic_load(&churn->over)) {
		if (churn->done * 1000.0 / churn->per_second > ms_since(start)) {
			sleep_ms(1);
			continue;
		}
		/* The same memory: every read finds it, before and after. */
		if (update_buffers(churn->ring, 0, &buffer, 1, NULL) != 1)
			fail_now("one slot updated", "an error");
		churn->done++;
	}
	return NULL;
}

/* The cost of one read in one window. */
static int64_t window(struct zero_reads *reads)
{
	unsigned long before = reads->completed;
	int64_t start = fine_ns(), end = start;

	while (end - start < WINDOW_MS * INT64_C(1000000)) {
		zero_reads_batch(reads);
		end = fine_ns();
	}
	return (end - start) / (int64_t)(reads->completed - before);
}

static void measure_one(struct run *run, bool fixed, unsigned flags, const char *way, unsigned per_second)
{
	struct samples samples = { 0 };
	struct zero_reads reads;
	struct region region;
	struct iovec buffer;
	struct ring ring;
	struct churn churn = { .ring = &ring, .region = &region, .per_second = per_second };
	pthread_t thread;

	fine_ns();
	ring_open(&ring, (struct ring_options){ .entries = 2 * ZERO_BATCH });
	region_map(&region, ZERO_BATCH * ZERO_BYTES / page_size(), "the memory of many reads");
	buffer = region_iovec(&region);
	register_or_leave(&ring, &buffer, 1, NULL);
	zero_reads_open(&reads, &ring, &region);
	reads.fixed = fixed;
	reads.flags = flags;
	if (per_second && pthread_create(&thread, NULL, keep_updating, &churn))
		error_now("cannot start a thread");
	for (unsigned i = 0; i < WINDOWS * run->rounds; i++)
		samples_add(&samples, window(&reads));
	atomic_store(&churn.over, true);
	if (per_second)
		pthread_join(thread, NULL);
	if (reads.failed)
		fail("every read to move its bytes", text("%lu of %lu failed", reads.failed, reads.completed));
	zero_reads_close(&reads);
	ring_check(&ring);
	ring_close(&ring);
	region_unmap(&region);
	samples_print(&samples, text("%s_%s_at_%u_updates", fixed ? "fixed" : "plain", way, per_second));
}

static void measure(struct run *run, unsigned flags, const char *way)
{
	static const unsigned rates[] = { 0, 10, 1000 };

	for (unsigned i = 0; i < 3; i++) {
		measure_one(run, true, flags, way, rates[i]);
		measure_one(run, false, flags, way, rates[i]);
	}
}

static void issued_inline(struct run *run)
{
	measure(run, 0, "inline");
}

static void by_workers(struct run *run)
{
	measure(run, IOSQE_ASYNC, "async");
}

static void linked(struct run *run)
{
	measure(run, IOSQE_IO_LINK, "linked");
}

static const struct point points[] = {
	{ "inline", "reads issued inline", 1, issued_inline },
	{ "async", "reads by workers", 1, by_workers },
	{ "linked", "reads linked to each other", 1, linked },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "read-throughput",
		.summary = "what fixed and plain reads cost while slots are updated",
		.details =
			"Prints samples: nanoseconds for one read of 512 bytes of /dev/zero, in batches of 16.\n"
			"Invariants: each read moves all its bytes; every update succeeds.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
