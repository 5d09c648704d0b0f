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
#include "churn.h"
#include "clock.h"
#include "program.h"
#include "register.h"
#include "samples.h"
#include "zero-reads.h"

#define WINDOW_MS 600
#define LONGEST_MS 2000

struct scene {
	struct zero_reads reads;
	struct samples changes; /* unregister and register together */
};

static void change_once(void *argument)
{
	struct scene *scene = argument;
	struct ring *ring = &scene->reads.ring;
	struct iovec buffer = region_iovec(&scene->reads.region);
	int64_t start = fine_ns();

	if (unregister_buffers(ring) != 0)
		fail_now("unregister to succeed", "an error");
	register_or_leave(ring, &buffer, 1, NULL);
	samples_add(&scene->changes, fine_ns() - start);
}

static void measure(struct run *run, unsigned per_second)
{
	struct scene scene = { .changes = { 0 } };
	struct zero_reads *reads = &scene.reads;
	struct samples enters = { 0 };
	struct deadline deadline;
	struct churn churn;

	fine_ns();
	zero_reads_open(reads);
	reads->fixed = true;
	churn_begin(&churn, per_second, change_once, &scene);
	deadline = deadline_in_ms(WINDOW_MS * run->rounds);
	while (!deadline_passed(deadline))
		samples_add(&enters, zero_reads_batch(reads));
	churn_end(&churn);
	if (reads->longest_ns > LONGEST_MS * INT64_C(1000000))
		fail(text("every io_uring_enter to return within %u ms", LONGEST_MS),
		     text("%.0f ms", (double)reads->longest_ns / 1e6));
	samples_print(&enters, text("enter_at_%u_per_second", per_second));
	samples_print(&scene.changes, text("change_at_%u_per_second", per_second));
	observe("refused", reads->refused ? "yes" : "no");
	observe_measure("changes", churn.done, "times");
	observe_measure("efault", (double)reads->failed, text("of-%lu", reads->completed));
	zero_reads_close(reads);
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
