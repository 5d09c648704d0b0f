/*
 * A chain of linked fixed requests, unregistered while one of them waits: what is behind it has
 * been submitted, but nobody has issued it.
 *
 * Invariants, in every design:
 *   - each request of the chain completes exactly once: with all its bytes; with EFAULT and none;
 *     or, behind a soft link whose earlier part failed, with ECANCELED and none;
 *   - after a failure a soft chain ends, a hard chain goes on;
 *   - bytes only in the registered range, and a request that failed has taken nothing out of its
 *     pipe;
 *   - memory stays pinned for as long as a request uses it;
 *   - unregister returns in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later.
 *
 * Tells apart: selection at submission (third=full, result=full) from look-up at issue: the
 * request behind the one that waited does not find its buffer (third=-14, fourth=-125).
 */
#include <errno.h>

#include "call.h"
#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

#define LINKS 4
/* How long unregister may be late in the race: a few hundred microseconds, or milliseconds. */
#define MOST_SPINS 30000u

/* May `res` follow a request of the chain that was (not) successful? */
static void check_link(unsigned link_flag, bool before_succeeded, unsigned i, int res)
{
	bool cancelled = res == -ECANCELED;

	if (cancelled && (before_succeeded || link_flag == IOSQE_IO_HARDLINK))
		fail(text("request %u of the chain to be issued", i + 1), "it was cancelled");
	if (!cancelled && !before_succeeded && link_flag == IOSQE_IO_LINK)
		fail(text("request %u of the chain cancelled, for the one before it failed", i + 1),
		     text("result %s", result_text(res)));
}

static void unregister_chain(struct run *run, struct trial_plan plan)
{
	static const char *const keys[LINKS] = { "first", "second", "third", "fourth" };
	struct agreed results[LINKS] = { 0 };
	struct agreed waited = { 0 };

	plan.stage = STAGE_CHAINED;
	plan.flights = LINKS;
	for (unsigned round = 0; round < run->rounds; round++) {
		bool succeeded = true;
		struct trial trial;

		trial_open(&trial, plan, &run->rng);
		trial_act(&trial, "unregister", trial_unregister, ACT_OTHER_THREAD);
		for (unsigned i = 0; i < LINKS; i++) {
			struct landing landing = trial_land_one(&trial, i);

			check_link(plan.link_flag, succeeded, i, landing.res);
			succeeded = landing.res == (int)trial.flights[i].length;
			agreed_add(&results[i], landing_result(&trial.flights[i], &landing));
		}
		agreed_add(&waited, trial_waited(&trial));
		trial_close(&trial);
	}
	observe_agreed("unregister_waited", &waited);
	for (unsigned i = 0; i < LINKS; i++)
		observe_agreed(keys[i], &results[i]);
}

static void soft_chain(struct run *run)
{
	unregister_chain(run, (struct trial_plan){ .direction = FLIGHT_READ, .link_flag = IOSQE_IO_LINK });
}

static void hard_chain(struct run *run)
{
	unregister_chain(run,
			 (struct trial_plan){ .direction = FLIGHT_READ, .link_flag = IOSQE_IO_HARDLINK });
}

static void async_chain(struct run *run)
{
	unregister_chain(run, (struct trial_plan){ .direction = FLIGHT_READ,
						   .link_flag = IOSQE_IO_LINK,
						   .sqe_flags = IOSQE_ASYNC });
}

static void write_chain(struct run *run)
{
	unregister_chain(run, (struct trial_plan){ .direction = FLIGHT_WRITE, .link_flag = IOSQE_IO_LINK });
}

static void behind_plain_read(struct run *run, enum direction direction)
{
	const struct trial_plan plan = { .direction = direction, .stage = STAGE_LINKED, .flights = 4 };

	experiment_unregister(run, plan, NULL);
}

static void read_behind_plain_read(struct run *run)
{
	behind_plain_read(run, FLIGHT_READ);
}

static void write_behind_plain_read(struct run *run)
{
	behind_plain_read(run, FLIGHT_WRITE);
}

/* Unregister at any moment of a chain that nothing holds back. */
struct late_unregister {
	struct ring *ring;
	unsigned spins;
};

static long unregister_after_spinning(void *argument)
{
	struct late_unregister *late = argument;

	/* A clock that ticks every 4 ms cannot say "100 us later". */
	for (volatile unsigned i = 0; i < late->spins; i++)
		;
	return unregister_buffers(late->ring);
}

/* A racer's chain; its memory lasts for all rounds, because mapping takes long (TLB flushes). */
struct chain {
	struct ring ring;
	struct region regions[LINKS];
	struct iovec buffers[LINKS];
	struct flight flights[LINKS];
};

static void race_once(struct racer *racer, struct chain *chain)
{
	struct late_unregister late = {
		.ring = &chain->ring,
		.spins = (unsigned)rng_below(&racer->rng, MOST_SPINS),
	};
	bool succeeded = true;
	struct call call;

	for (unsigned i = 0; i < LINKS; i++) {
		unsigned flags = rng_chance(&racer->rng, 2) ? IOSQE_ASYNC : 0;

		flight_aim(&chain->flights[i], &chain->regions[i], i, &racer->rng);
		flight_prepare(&chain->flights[i], flags | (i + 1 < LINKS ? IOSQE_IO_LINK : 0));
	}
	register_or_leave(&chain->ring, chain->buffers, LINKS, NULL);
	ring_submit(&chain->ring, LINKS);
	call_init(&call, "unregister", unregister_after_spinning, &late);
	call_start(&call);
	for (unsigned i = 0; i < LINKS; i++) {
		struct landing landing = flight_land(&chain->flights[i], &chain->regions[i], NULL, true);

		check_link(IOSQE_IO_LINK, succeeded, i, landing.res);
		succeeded = landing.res == (int)chain->flights[i].length;
		racer->requests++;
		racer->hits += landing.res == -EFAULT;
		region_fill(&chain->regions[i]);
	}
	if (call_end(&call) < 0)
		fail("unregister to succeed", text("result %s", result_text(call.result)));
}

static void race_in_thread(struct racer *racer)
{
	struct chain chain;

	ring_open(&chain.ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < LINKS; i++) {
		region_map(&chain.regions[i], BUFFER_PAGES, "the memory of a link");
		chain.buffers[i] = region_iovec(&chain.regions[i]);
		flight_open(&chain.flights[i], &chain.ring, FLIGHT_READ, FLIGHT_READY);
	}
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &chain);
	check_usable(&chain.ring, &racer->rng);
	ring_check(&chain.ring);
	ring_close(&chain.ring);
}

static void race(struct run *run)
{
	racers_run(run, &(struct race){ .threads = 3, .body = race_in_thread, .hit = "efault" });
}

static const struct point points[] = {
	{ "soft-chain", "four linked reads; unregister while the second waits", 1, soft_chain },
	{ "hard-chain", "the same with hard links", 1, hard_chain },
	{ "async-chain", "the same with IOSQE_ASYNC on each", 1, async_chain },
	{ "write-chain", "four linked writes; unregister while the second waits", 1, write_chain },
	{ "read-behind-plain-read", "fixed reads linked behind plain reads that wait", 1,
	  read_behind_plain_read },
	{ "write-behind-plain-read", "fixed writes linked behind plain reads that wait", 1,
	  write_behind_plain_read },
	{ "race", "unregister at any moment of a chain that runs", 60, race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "linked-chain",
		.summary = "a chain of linked fixed requests, unregistered while one waits",
		.details =
			"Invariants: each request completes once, with all its bytes, with EFAULT and none,\n"
			"or cancelled behind a failed soft link; a failed one takes nothing out of its pipe;\n"
			"memory in use stays pinned; unregister returns in bounded time.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
