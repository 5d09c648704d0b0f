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
#include "churn.h"
#include "program.h"
#include "register.h"
#include "samples.h"
#include "zero-reads.h"

#define WINDOW_MS 50
#define WINDOWS 4

/* The same memory: every read finds it, before and after. */
static void update_once(void *argument)
{
	struct zero_reads *reads = argument;
	struct iovec buffer = region_iovec(&reads->region);

	if (update_buffers(&reads->ring, 0, &buffer, 1, NULL) != 1)
		fail_now("one slot updated", "an error");
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
	struct churn churn;

	fine_ns();
	zero_reads_open(&reads);
	reads.fixed = fixed;
	reads.flags = flags;
	churn_begin(&churn, per_second, update_once, &reads);
	for (unsigned i = 0; i < WINDOWS * run->rounds; i++)
		samples_add(&samples, window(&reads));
	churn_end(&churn);
	if (reads.failed)
		fail("every read to move its bytes", text("%lu of %lu failed", reads.failed, reads.completed));
	zero_reads_close(&reads);
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
