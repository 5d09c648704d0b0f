/*
 * Several threads change one ring's buffers against each other, each with memory of its own: two
 * register and unregister, a third one updates single slots to either memory or to empty. Others
 * submit requests that name addresses of one memory or the other one, and cannot know which of them
 * is registered at the moment.
 *
 * Invariants, in every design:
 *   - a request completes once, with all its bytes in the range that it named, or with EFAULT and
 *     none, whatever the index stands for when it is looked up;
 *   - register gives 0 or EBUSY; unregister 0 or ENXIO; update 1, or ENXIO or EINVAL when there is no
 *     table (EBUSY where it is being taken down); all in bounded time; every submission is accepted;
 *   - no tag is posted twice, and none that was not given;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.13 and later.
 *
 * How many requests find their memory is timing, so nothing here tells designs apart.
 */
#include <errno.h>
#include <pthread.h>

#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "turns.h"

#define SETS 2
#define SLOTS 4
#define SUBMITTERS 2
#define BATCH 4
#define MOST_BATCHES 6

struct arena {
	struct ring ring;
	pthread_mutex_t sq_lock; /* the submission queue has one producer at a time */
	struct turns turns;
	struct region memory[SETS][SLOTS];
	/* The submitters' own pages of it, so that each request can be judged by itself. */
	struct region parts[SETS][SLOTS][SUBMITTERS];
};

struct member {
	struct arena *arena;
	unsigned number;
	unsigned batches;
	struct rng rng;
	unsigned full;
	unsigned efaults;
	unsigned changes;
	pthread_t thread;
};

static void submit_batch(struct member *member, struct flight *flights, struct region **targets)
{
	struct arena *arena = member->arena;

	for (unsigned i = 0; i < BATCH; i++) {
		targets[i] = &arena->parts[rng_below(&member->rng, SETS)][i][member->number];
		flight_aim(&flights[i], targets[i], i, &member->rng);
	}
	pthread_mutex_lock(&arena->sq_lock);
	for (unsigned i = 0; i < BATCH; i++)
		flight_prepare(&flights[i], rng_chance(&member->rng, 3) ? IOSQE_ASYNC : 0);
	ring_submit(&arena->ring, BATCH);
	pthread_mutex_unlock(&arena->sq_lock);
	turns_count_batch(&arena->turns);
}

static void *submit(void *argument)
{
	struct member *member = argument;
	struct region *targets[BATCH];
	struct flight flights[BATCH];

	for (unsigned i = 0; i < BATCH; i++)
		flight_open(&flights[i], &member->arena->ring, i % 2 ? FLIGHT_WRITE : FLIGHT_READ,
			    FLIGHT_READY);
	for (unsigned batch = 0; batch < member->batches; batch++) {
		if (!rng_chance(&member->rng, 6))
			turns_await_registered(&member->arena->turns);
		submit_batch(member, flights, targets);
		for (unsigned i = 0; i < BATCH; i++) {
			enum used used = flight_land(&flights[i], targets[i], NULL, false).used;

			member->full += used == USED_OLD;
			member->efaults += used == USED_NONE;
			if (used == USED_OLD && flights[i].direction == FLIGHT_READ)
				region_fill(targets[i]);
		}
	}
	for (unsigned i = 0; i < BATCH; i++)
		flight_close(&flights[i]);
	return NULL;
}

static void expect_one_of(const char *what, int res, const int *allowed)
{
	for (unsigned i = 0; allowed[i] != INT32_MAX; i++)
		if (res == allowed[i])
			return;
	fail_now(text("%s to give what the state of the table explains", what),
		 text("result %s", result_text(res)));
}

static uint64_t new_tag(struct arena *arena)
{
	return ring_announce_optional(&arena->ring, "the tag of a buffer");
}

static int register_set(struct member *member)
{
	struct arena *arena = member->arena;
	struct iovec buffers[SLOTS];
	uint64_t tags[SLOTS];
	int res;

	for (unsigned i = 0; i < SLOTS; i++) {
		buffers[i] = region_iovec(&arena->memory[member->number][i]);
		tags[i] = new_tag(arena);
	}
	res = register_buffers(&arena->ring, buffers, SLOTS, tags);
	expect_one_of("register", res, (int[]){ 0, -EBUSY, INT32_MAX });
	return res;
}

/* Registers its own memory and unregisters whatever is registered then. */
static void *change_table(void *argument)
{
	struct member *member = argument;
	struct arena *arena = member->arena;

	while (!turns_over(&arena->turns)) {
		int res = register_set(member);

		if (res == 0) {
			turns_set_registered(&arena->turns, true);
			turns_await_batches(&arena->turns, (unsigned)rng_below(&member->rng, MOST_BATCHES));
		}
		res = unregister_buffers(&arena->ring);
		turns_set_registered(&arena->turns, false);
		expect_one_of("unregister", res, (int[]){ 0, -ENXIO, INT32_MAX });
		member->changes += res == 0;
	}
	return NULL;
}

static void *change_slots(void *argument)
{
	struct member *member = argument;
	struct arena *arena = member->arena;

	while (!turns_over(&arena->turns)) {
		unsigned slot = (unsigned)rng_below(&member->rng, SLOTS);
		size_t set = rng_below(&member->rng, SETS + 1);
		struct iovec buffer = { 0 };
		uint64_t tag = 0;
		int res;

		if (set < SETS) {
			buffer = region_iovec(&arena->memory[set][slot]);
			tag = new_tag(arena);
		}
		res = update_buffers(&arena->ring, slot, &buffer, 1, &tag);
		expect_one_of("update", res, (int[]){ 1, -ENXIO, -EINVAL, -EBUSY, INT32_MAX });
		member->changes += res == 1;
		/* Slots that change faster than requests come tell nothing about requests. */
		turns_await_batches(&arena->turns, 1);
	}
	return NULL;
}

static void arena_open(struct arena *arena)
{
	ring_open(&arena->ring, (struct ring_options){ .entries = 64, .shared = true });
	pthread_mutex_init(&arena->sq_lock, NULL);
	turns_init(&arena->turns);
	for (unsigned set = 0; set < SETS; set++)
		for (unsigned i = 0; i < SLOTS; i++) {
			struct region *memory = &arena->memory[set][i];

			region_map(memory, SUBMITTERS * BUFFER_PAGES, "memory of a set");
			for (unsigned j = 0; j < SUBMITTERS; j++)
				arena->parts[set][i][j] = region_part(memory, j * BUFFER_PAGES, BUFFER_PAGES,
								      set ? "the second set" : "the first set");
		}
}

static void arena_close(struct arena *arena, struct rng *rng)
{
	check_usable(&arena->ring, rng);
	ring_check(&arena->ring);
	ring_close(&arena->ring);
	for (unsigned set = 0; set < SETS; set++)
		for (unsigned i = 0; i < SLOTS; i++) {
			for (unsigned j = 0; j < SUBMITTERS; j++) {
				const struct region *part = &arena->parts[set][i][j];

				if (pattern_mismatch(part->base, part->pattern, 0, part->length) >= 0)
					fail("no byte written after the completion", region_describe(part));
			}
			region_unmap(&arena->memory[set][i]);
		}
}

static void start(struct member *member, struct arena *arena, unsigned number, void *(*body)(void *),
		  struct run *run)
{
	*member = (struct member){ .arena = arena, .number = number, .rng = { rng_next(&run->rng) } };
	member->batches = run->rounds / (SUBMITTERS * BATCH) + 1;
	if (pthread_create(&member->thread, NULL, body, member))
		error_now("cannot start a thread");
}

static void race(struct run *run, unsigned updaters)
{
	struct member changers[SETS + 1], submitters[SUBMITTERS];
	unsigned full = 0, efaults = 0, changes = 0;
	long pins = pins_at_rest();
	struct arena arena;

	arena_open(&arena);
	for (unsigned i = 0; i < SETS; i++)
		start(&changers[i], &arena, i, change_table, run);
	if (updaters)
		start(&changers[SETS], &arena, 0, change_slots, run);
	for (unsigned i = 0; i < SUBMITTERS; i++)
		start(&submitters[i], &arena, i, submit, run);
	for (unsigned i = 0; i < SUBMITTERS; i++) {
		pthread_join(submitters[i].thread, NULL);
		full += submitters[i].full;
		efaults += submitters[i].efaults;
	}
	turns_end(&arena.turns);
	for (unsigned i = 0; i < SETS + updaters; i++) {
		pthread_join(changers[i].thread, NULL);
		changes += changers[i].changes;
	}
	arena_close(&arena, &run->rng);
	pins_check(pins, "after the race");
	observe_measure("full", full, text("of-%u", full + efaults));
	observe_measure("changes", changes, "times");
}

static void two_sets(struct run *run)
{
	race(run, 0);
}

static void with_updates(struct run *run)
{
	race(run, 1);
}

static const struct point points[] = {
	{ "two-sets", "two threads register different memory under the same indices", 1600, two_sets },
	{ "with-updates", "the same, and a third thread updates single slots", 1600, with_updates },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "register-race",
		.summary = "threads that register different memory against each other and against submitters",
		.details =
			"Invariants: a request moves all its bytes in the memory that it named, or fails with\n"
			"EFAULT; every change gives what the table's state explains, in bounded time; no tag\n"
			"comes twice; nothing stays pinned.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
