/*
 * A random mix of everything at once, over several rings (one with SQPOLL, one with DEFER_TASKRUN) and
 * a dozen threads: register, unregister, update, clone where the kernel can; fixed reads and writes,
 * inline, asynchronous, linked, drained, held back and cancelled. A model in the program knows what
 * each slot may hold at any moment, and so what each request may end with.
 *
 * Invariants, in every design:
 *   - a request succeeds only if its slot can have held the memory that it names at some moment
 *     between its submission and its completion, and fails with EFAULT only if it can have not held
 *     it; it is cancelled only if somebody cancelled it or its chain failed;
 *   - it moves all its bytes, in its range and nowhere else, when it says so, and none otherwise;
 *   - every change of a table gives what the state of the table asks for;
 *   - each completion and each tag comes at most once, every call returns in bounded time, nothing
 *     stays pinned, and the rings stay usable.
 *
 * Kernels: 6.1 and later; cloning 6.12, over full tables 6.13.
 *
 * The seed fixes each thread's choices; how the threads meet is the kernel's. When something fails,
 * the operations of the last two seconds are printed. Tells no designs apart.
 */
#include "clock.h"
#include "clone.h"
#include "log.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "world.h"

/* Rings live for so long, then all of them are closed and others opened. */
#define PHASE_MS 1500u
#define ENTRIES 32

static const struct ring_kind kinds[MIX_RINGS] = {
	{ .name = "plain", .submitters = 2 },
	{ .name = "sqpoll", .submitters = 2, .flags = IORING_SETUP_SQPOLL },
	{ .name = "single", .submitters = 1, .flags = IORING_SETUP_SUBMIT_ALL },
	{ .name = "defer-taskrun", .submitters = 1, .one_thread = true,
	  .flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER },
};

static void ring_begin(struct mix_ring *ring, unsigned number)
{
	ring->kind = &kinds[number];
	ring->number = number;
	pthread_mutex_init(&ring->sq_lock, NULL);
	pthread_mutex_init(&ring->table_lock, NULL);
	model_init(&ring->model);
	ring_open(&ring->ring, (struct ring_options){ .entries = ENTRIES,
						      .flags = ring->kind->flags,
						      .sq_idle_ms = 5,
						      .shared = ring->kind->submitters > 1 });
}

static void ring_end(struct player *player)
{
	change_to_none(player);
	check_usable(&player->ring->ring, &player->rng);
	ring_check(&player->ring->ring);
}

static void *keep_submitting(void *argument)
{
	struct player *player = argument;

	while (!is_over(player)) {
		submit_round(player);
		player->rounds++;
	}
	return NULL;
}

static void *keep_changing(void *argument)
{
	struct player *player = argument;

	while (!is_over(player)) {
		change_round(player);
		player->rounds++;
		/* Tables that change all the time are empty half of the time. */
		sleep_ms((unsigned)rng_below(&player->rng, 4));
	}
	ring_end(player);
	return NULL;
}

/* Its ring is used by nobody else, from set-up to close. */
static void *do_both(void *argument)
{
	struct player *player = argument;

	ring_begin(player->ring, player->ring->number);
	while (!is_over(player)) {
		if (rng_chance(&player->rng, 3))
			change_round(player);
		else
			submit_round(player);
		player->rounds++;
	}
	ring_end(player);
	ring_close(&player->ring->ring);
	return NULL;
}

struct cast {
	struct player players[MIX_RINGS + MIX_SUBMITTERS];
	unsigned count;
	unsigned submitters;
};

static void start(struct cast *cast, struct world *world, unsigned ring, void *(*body)(void *), struct rng *rng)
{
	struct player *player = &cast->players[cast->count++];

	*player = (struct player){ .world = world, .ring = &world->rings[ring], .rng = { rng_next(rng) } };
	if (body != keep_changing)
		player->submitter = cast->submitters++;
	if (pthread_create(&player->thread, NULL, body, player))
		error_now("cannot start a thread");
}

/* The rings are opened, used by all threads for a while, and closed. */
static void phase(struct world *world, struct cast *cast, struct rng *rng, unsigned ms)
{
	struct deadline end;

	*cast = (struct cast){ 0 };
	atomic_store(&world->over, false);
	for (unsigned i = 0; i < MIX_RINGS; i++) {
		world->rings[i].kind = &kinds[i];
		world->rings[i].number = i;
		if (!kinds[i].one_thread)
			ring_begin(&world->rings[i], i);
	}
	for (unsigned i = 0; i < MIX_RINGS; i++) {
		if (kinds[i].one_thread) {
			start(cast, world, i, do_both, rng);
			continue;
		}
		start(cast, world, i, keep_changing, rng);
		for (unsigned j = 0; j < kinds[i].submitters; j++)
			start(cast, world, i, keep_submitting, rng);
	}
	end = deadline_in_ms(ms);
	while (!deadline_passed(end) && !point_has_failed())
		sleep_ms(10);
	atomic_store(&world->over, true);
	for (unsigned i = 0; i < cast->count; i++)
		pthread_join(cast->players[i].thread, NULL);
	for (unsigned i = 0; i < MIX_RINGS; i++)
		if (!kinds[i].one_thread)
			ring_close(&world->rings[i].ring);
}

static void map_memories(struct world *world)
{
	for (unsigned i = 0; i < MIX_MEMORIES; i++) {
		region_map(&world->memories[i], MIX_SUBMITTERS * PART_PAGES, "memory of all rings");
		for (unsigned j = 0; j < MIX_SUBMITTERS; j++)
			world->parts[i][j] = region_part(&world->memories[i], j * PART_PAGES, PART_PAGES,
							 "pages of one submitter");
	}
}

/* Skips the point when the user may not lock as much memory as all rings together register. */
static void try_limit(const struct world *world)
{
	struct iovec buffers[MIX_RINGS * MIX_SLOTS];
	struct ring ring;

	for (unsigned i = 0; i < MIX_RINGS * MIX_SLOTS; i++)
		buffers[i] = region_iovec(&world->memories[i % MIX_MEMORIES]);
	ring_open(&ring, (struct ring_options){ .entries = 1 });
	register_or_leave(&ring, buffers, MIX_RINGS * MIX_SLOTS, NULL);
	ring_close(&ring);
}

static void check_memories(const struct world *world)
{
	for (unsigned i = 0; i < MIX_MEMORIES; i++)
		for (unsigned j = 0; j < MIX_SUBMITTERS; j++) {
			const struct region *part = &world->parts[i][j];

			if (pattern_mismatch(part->base, part->pattern, 0, part->length) >= 0)
				fail("no byte written after the completion", region_describe(part));
		}
}

static void mix(struct run *run)
{
	static struct world world;
	static struct cast cast;
	unsigned requests = 0, full = 0, missed = 0, cancelled = 0, changes = 0, determined = 0;
	long pins = pins_at_rest();
	struct deadline end = deadline_in_ms(run->rounds * 1000);

	log_start();
	point_explain_failure(log_print);
	world.can_clone = clone_is_there();
	world.can_clone_ranges = clone_range_is_there();
	map_memories(&world);
	try_limit(&world);
	pins_check(pins, "after a first registration");
	while (!deadline_passed(end)) {
		unsigned left = deadline_left_ms(end);

		phase(&world, &cast, &run->rng, left < PHASE_MS ? left : PHASE_MS);
		check_memories(&world);
		pins_check(pins, "after a phase");
		for (unsigned i = 0; i < cast.count; i++) {
			requests += cast.players[i].requests;
			full += cast.players[i].full;
			missed += cast.players[i].missed;
			cancelled += cast.players[i].cancelled;
			changes += cast.players[i].changes;
			determined += cast.players[i].determined;
		}
		if (point_has_failed())
			break;
	}
	observe("clones", world.can_clone ? world.can_clone_ranges ? "ranges" : "tables" : "none");
	observe_measure("requests", requests, "times");
	observe_measure("full", full, text("of-%u", requests));
	observe_measure("efault", missed, text("of-%u", requests));
	observe_measure("cancelled", cancelled, text("of-%u", requests));
	observe_measure("determined", determined, text("of-%u", requests));
	observe_measure("changes", changes, "times");
}

static const struct point points[] = {
	{ "mix", "everything at once, for so many seconds", 6, mix },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "mix",
		.summary = "a random mix of all operations, over several rings and threads",
		.details =
			"Invariants: a request ends with what its slot can have held between its submission\n"
			"and its completion; bytes move where they should or not at all; every change of a\n"
			"table gives what its state asks for; nothing is lost, doubled, or stays pinned.\n"
			"Tells no designs apart. A failure prints the operations of the last two seconds.\n",
		.counts_seconds = true,
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
