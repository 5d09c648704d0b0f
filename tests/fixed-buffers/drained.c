/*
 * Fixed requests that the kernel keeps back because of IOSQE_IO_DRAIN: they have been submitted,
 * but plain reads before them still wait, so nobody has issued them when unregister comes.
 *
 * Invariants, in every design:
 *   - each request completes exactly once, after those that it drains: with all its bytes, with
 *     EFAULT and none, or cancelled behind a failed soft link;
 *   - bytes only in the range and the memory that was registered, or, where the slot was updated
 *     at the same addresses, in the new memory, never in both;
 *   - memory stays pinned for as long as a request uses it; nothing stays pinned afterwards;
 *   - unregister and update return in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later; update 5.13.
 *
 * Tells apart: selection at submission (result=full, memory=old) from look-up at issue (EFAULT, and
 * ECANCELED behind it in a soft chain; memory=new after an update).
 */
#include <errno.h>

#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

#define REQUESTS 4

static void unregister_drained(struct run *run, enum direction direction, unsigned link_flag)
{
	const struct trial_plan plan = {
		.direction = direction,
		.stage = STAGE_DRAINED,
		.flights = 3,
		.link_flag = link_flag,
	};

	experiment_unregister(run, plan, NULL);
}

static void read_behind_plain_reads(struct run *run)
{
	unregister_drained(run, FLIGHT_READ, 0);
}

static void write_behind_plain_reads(struct run *run)
{
	unregister_drained(run, FLIGHT_WRITE, 0);
}

static void soft_chain(struct run *run)
{
	unregister_drained(run, FLIGHT_READ, IOSQE_IO_LINK);
}

static void hard_chain(struct run *run)
{
	unregister_drained(run, FLIGHT_READ, IOSQE_IO_HARDLINK);
}

static void update(struct run *run)
{
	const struct trial_plan plan = {
		.direction = FLIGHT_READ, .stage = STAGE_DRAINED, .flights = 3, .tagged = true
	};

	experiment_update(run, plan, trial_map_same_address);
}

/* Requests of which each second one drains, on their way when the buffers are unregistered. */
static void race_once(struct racer *racer, struct ring *ring, struct region *regions)
{
	struct flight flights[REQUESTS];
	struct iovec buffers[REQUESTS];
	uint64_t last = 0;

	for (unsigned i = 0; i < REQUESTS; i++)
		buffers[i] = region_iovec(&regions[i]);
	register_or_leave(ring, buffers, REQUESTS, NULL);
	for (unsigned i = 0; i < REQUESTS; i++) {
		flight_open(&flights[i], ring, rng_chance(&racer->rng, 2) ? FLIGHT_READ : FLIGHT_WRITE,
			    FLIGHT_READY);
		flight_aim(&flights[i], &regions[i], i, &racer->rng);
		flight_prepare(&flights[i], IOSQE_ASYNC | (i % 2 ? IOSQE_IO_DRAIN : 0));
	}
	ring_submit(ring, REQUESTS);
	unregister_or_fail(ring);
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct landing landing = flight_land(&flights[i], &regions[i], NULL, false);

		if (i % 2 && landing.order < last)
			fail("a drained request to complete after those before it", "it came first");
		if (landing.order > last)
			last = landing.order;
		racer->requests++;
		racer->hits += landing.res == -EFAULT;
		region_fill(&regions[i]);
		flight_close(&flights[i]);
	}
}

static void race_in_thread(struct racer *racer)
{
	struct region regions[REQUESTS];
	struct ring ring;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < REQUESTS; i++)
		region_map(&regions[i], BUFFER_PAGES, "the memory of a drained request");
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ring, regions);
	finish_ring(&ring, &racer->rng);
	for (unsigned i = 0; i < REQUESTS; i++)
		region_unmap(&regions[i]);
}

static void race(struct run *run)
{
	racers_run(run, &(struct race){
				.threads = 4, .body = race_in_thread, .hit = "efault", .by_design = true });
}

static const struct point points[] = {
	{ "read-behind-plain-reads", "reads drained behind plain reads that wait", 1, read_behind_plain_reads },
	{ "write-behind-plain-reads", "writes drained behind plain reads that wait", 1,
	  write_behind_plain_reads },
	{ "soft-chain", "a chain of reads whose head is drained", 1, soft_chain },
	{ "hard-chain", "the same with hard links", 1, hard_chain },
	{ "update", "reads drained behind plain reads; update at the same addresses", 1, update },
	{ "race", "unregister right behind requests of which every second drains", 40, race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "drained",
		.summary = "fixed requests kept back by IOSQE_IO_DRAIN while their buffers are unregistered",
		.details =
			"Invariants: each request completes once, after those that it drains, with all its\n"
			"bytes, with EFAULT and none, or cancelled behind a failed soft link; bytes in one\n"
			"memory only; memory in use stays pinned; unregister returns in bounded time.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
