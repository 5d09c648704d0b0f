/*
 * How long io_uring_enter is held up, and how often it is refused, while another thread registers and
 * unregisters buffers of the same ring 0, 10, 100 or 1000 times a second.
 *
 * Invariants, in every design: no io_uring_enter takes longer than two seconds; each fixed read moves
 * all its bytes or fails with EFAULT; every register and unregister succeeds.
 *
 * Kernels: 5.11 and later. To be measured with profile `bare`; elsewhere it is a test like others.
 *
 * Tells apart: a registration that refuses submissions meanwhile (refused=yes) from one that does not.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "program.h"
#include "register.h"
#include "samples.h"
#include "zero-reads.h"

#define WINDOW_MS 600
#define LONGEST_MS 2000

struct churn {
	struct ring *ring;
	struct region *region;
	unsigned per_second;
	_Atomic bool over;
	unsigned done;
	struct samples samples; /* of register and unregister together */
};

static void *keep_changing(void *argument)
{
	struct churn *churn = argument;
	struct iovec buffer = region_iovec(churn->region);
	int64_t start = clock_ns();

	while (!atomic_load(&churn->over)) {
		int64_t call;

		/* As many as are due by now: a sleep may last longer than it should. */
		if (churn->done * 1000.0 / churn->per_second > ms_since(start)) {
			sleep_ms(1);
			continue;
		}
		call = fine_ns();
		if (unregister_buffers(churn->ring) != 0)
			fail_now("unregister to succeed", "an error");
		register_or_leave(churn->ring, &buffer, 1, NULL);
		samples_add(&churn->samples, fine_ns() - call);
		churn->done++;
	}
	return NULL;
}

static void measure(struct run *run, unsigned per_second)
{
	struct samples enters = { 0 };
	struct zero_reads reads;
	struct region region;
	struct iovec buffer;
	struct ring ring;
	struct churn churn = { .ring = &ring, .region = &region, .per_second = per_second };
	struct deadline deadline;
	pthread_t thread;

	fine_ns();
	ring_open(&ring, (struct ring_options){ .entries = 2 * ZERO_BATCH });
	region_map(&region, ZERO_BATCH * ZERO_BYTES / page_size(), "the memory of many reads");
	buffer = region_iovec(&region);
	register_or_leave(&ring, &buffer, 1, NULL);
	zero_reads_open(&reads, &ring, &region);
	reads.fixed = true;
	if (per_second && pthread_create(&thread, NULL, keep_changing, &churn))
		error_now("cannot start a thread");
	deadline = deadline_in_ms(WINDOW_MS * run->rounds);
	while (!deadline_passed(deadline))
		samples_add(&enters, zero_reads_batch(&reads));
	atomic_store(&churn.over, true);
	if (per_second)
		pthread_join(thread, NULL);
	if (reads.longest_ns > LONGEST_MS * INT64_C(1000000))
		fail(text("every io_uring_enter to return within %u ms", LONGEST_MS),
		     text("%.0f ms", (double)reads.longest_ns / 1e6));
	samples_print(&enters, text("enter_at_%u_per_second", per_second));
	samples_print(&churn.samples, text("change_at_%u_per_second", per_second));
	observe("refused", reads.refused ? "yes" : "no");
	observe_measure("changes", churn.done, "times");
	observe_measure("efault", (double)reads.failed, text("of-%lu", reads.completed));
	zero_reads_close(&reads);
	ring_check(&ring);
	ring_close(&ring);
	region_unmap(&region);
}

static void none(struct run *run)
{
	measure(run, 0);
}

static void ten(struct run *run)
{
	measure(run, 10);
}

static void hundred(struct run *run)
{
	measure(run, 100);
}

static void thousand(struct run *run)
{
	measure(run, 1000);
}

static const struct point points[] = {
	{ "none", "no registration meanwhile", 1, none },
	{ "ten", "ten registrations a second", 1, ten },
	{ "hundred", "a hundred registrations a second", 1, hundred },
	{ "thousand", "a thousand registrations a second, or as many as the kernel gets done", 1, thousand },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "submission-stall",
		.summary = "how long submissions are held up while another thread registers",
		.details =
			"Prints samples of io_uring_enter with 16 fixed reads, and of unregister and register\n"
			"together.\n"
			"Invariants: no io_uring_enter takes longer than two seconds; each read moves all its\n"
			"bytes or fails with EFAULT.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
