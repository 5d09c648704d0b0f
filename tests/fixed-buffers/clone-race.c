/*
 * Rings that share buffers, against each other: two threads clone from each other's ring at the same
 * moment, read and write through the slots, unregister and register again.
 *
 * Invariants, in every design:
 *   - no call waits for ever, in whatever order the two rings' locks are taken (an inversion hides
 *     from lockdep behind a nesting annotation, so it is a hang that shows it);
 *   - clone gives 0 or ENXIO (the source's table is empty at the moment),
 *     register 0 or EBUSY, unregister 0 or ENXIO;
 *   - each request completes once, with all its bytes in the memory that it named, or with EFAULT and
 *     none;
 *   - nothing stays pinned.
 *
 * Kernels: 6.12 and later; the clones over full tables 6.13.
 *
 * Tells no designs apart.
 */
#include <errno.h>
#include <pthread.h>

#include "clone.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/* A long table keeps both locks busy for longer. */
#define SLOTS 64
#define PARTNERS 2

struct partner {
	struct ring ring;
	struct partner *other;
	struct region whole; /* shared: both rings' slots hold it */
	struct region part;  /* this thread's own pages of it */
	struct rng rng;
	unsigned rounds;
	uint32_t clone_flags;
	unsigned cloned;
	unsigned full;
	unsigned efaults;
	pthread_t thread;
};

static void expect_result(const char *what, int res, int other)
{
	if (res != 0 && res != other)
		fail_now(text("%s to give 0 or %s", what, result_text(other)), text("result %s", result_text(res)));
}

static void clone_once(struct partner *partner)
{
	const struct clone_request request = {
		.src_fd = (unsigned)partner->other->ring.uring.ring_fd, .flags = partner->clone_flags
	};
	int res;

	if (!(partner->clone_flags & CLONE_DST_REPLACE))
		expect_result("unregister", unregister_buffers(&partner->ring), -ENXIO);
	res = clone_buffers(&partner->ring, &request);
	expect_result("clone", res, -ENXIO);
	partner->cloned += res == 0;
}

static void fill_table(const struct partner *partner, struct iovec *buffers)
{
	for (unsigned i = 0; i < SLOTS; i++)
		buffers[i] = region_iovec(&partner->whole);
}

static void register_once(struct partner *partner)
{
	struct iovec buffers[SLOTS];

	fill_table(partner, buffers);
	expect_result("register", register_buffers(&partner->ring, buffers, SLOTS, NULL), -EBUSY);
}

static void read_once(struct partner *partner)
{
	struct flight flight;
	enum used used;

	flight_open(&flight, &partner->ring, rng_chance(&partner->rng, 2) ? FLIGHT_READ : FLIGHT_WRITE,
		    FLIGHT_READY);
	flight_aim(&flight, &partner->part, (unsigned)rng_below(&partner->rng, SLOTS), &partner->rng);
	flight_prepare(&flight, rng_chance(&partner->rng, 3) ? IOSQE_ASYNC : 0);
	ring_submit(&partner->ring, 1);
	if (rng_chance(&partner->rng, 4))
		clone_once(partner);
	used = flight_land(&flight, &partner->part, NULL, false).used;
	partner->full += used == USED_OLD;
	partner->efaults += used == USED_NONE;
	if (used == USED_OLD && flight.direction == FLIGHT_READ)
		region_fill(&partner->part);
	flight_close(&flight);
}

static void *be_partner(void *argument)
{
	struct partner *partner = argument;

	for (unsigned i = 0; i < partner->rounds; i++) {
		size_t choice = rng_below(&partner->rng, 16);

		if (choice < 9)
			clone_once(partner);
		else if (choice < 13)
			read_once(partner);
		else if (choice < 15)
			register_once(partner);
		else
			expect_result("unregister", unregister_buffers(&partner->ring), -ENXIO);
	}
	return NULL;
}

static void clone_each_other(struct run *run, uint32_t clone_flags)
{
	struct partner partners[PARTNERS] = { 0 };
	struct iovec buffers[SLOTS];
	struct region whole;
	unsigned cloned = 0, full = 0, efaults = 0;
	long pins = pins_at_rest();

	region_map(&whole, PARTNERS * BUFFER_PAGES, "memory of both rings");
	for (unsigned i = 0; i < PARTNERS; i++) {
		struct partner *partner = &partners[i];

		ring_open(&partner->ring, (struct ring_options){ .entries = 8 });
		partner->other = &partners[1 - i];
		partner->whole = whole;
		partner->part = region_part(&whole, i * BUFFER_PAGES, BUFFER_PAGES, "pages of one thread");
		partner->rng.state = rng_next(&run->rng);
		partner->rounds = run->rounds;
		partner->clone_flags = clone_flags;
		fill_table(partner, buffers);
		register_or_leave(&partner->ring, buffers, SLOTS, NULL);
	}
	for (unsigned i = 0; i < PARTNERS; i++)
		if (pthread_create(&partners[i].thread, NULL, be_partner, &partners[i]))
			error_now("cannot start a thread");
	for (unsigned i = 0; i < PARTNERS; i++) {
		pthread_join(partners[i].thread, NULL);
		cloned += partners[i].cloned;
		full += partners[i].full;
		efaults += partners[i].efaults;
	}
	for (unsigned i = 0; i < PARTNERS; i++) {
		expect_result("unregister", unregister_buffers(&partners[i].ring), -ENXIO);
		check_usable(&partners[i].ring, &run->rng);
		ring_check(&partners[i].ring);
		ring_close(&partners[i].ring);
	}
	pins_check(pins, "after the race");
	observe_measure("cloned", cloned, text("of-%u", PARTNERS * run->rounds));
	observe_measure("full", full, text("of-%u", full + efaults));
}

static void over_full_tables(struct run *run)
{
	clone_range_or_skip();
	clone_each_other(run, CLONE_DST_REPLACE);
}

static void into_empty_tables(struct run *run)
{
	clone_or_skip();
	clone_each_other(run, 0);
}

static const struct point points[] = {
	{ "over-full-tables", "two threads clone from each other, over what is there", 300, over_full_tables },
	{ "into-empty-tables", "the same, each time after unregister", 200, into_empty_tables },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "clone-race",
		.summary = "rings that share buffers, cloning and unregistering against each other",
		.details =
			"Invariants: every call returns in bounded time and with a result that its table\n"
			"explains; requests move all their bytes or fail with EFAULT; nothing stays pinned.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
