/*
 * A request that is submitted while unregister waits for another one, and that is still in flight
 * when the other one has ended.
 *
 * Invariants, in every design:
 *   - a latecomer that finds its buffer keeps it: the memory stays pinned until it has ended, be it
 *     that unregister waits for it, too, or that it keeps alive what it uses;
 *   - it completes once, with all its bytes in its range or with EFAULT and none;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.11 and later.
 *
 * Tells apart: what a latecomer gets (late=full, -14), and whether unregister waits for it, too.
 */
#include "call.h"
#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/* For a request that fails at once, or is on its way to a worker. */
#define FAILS_WITHIN_MS scaled_ms(300)

struct scene {
	struct ring ring;
	struct region memory[2];
	struct flight early, late;
	long pins;
	struct call unregister;
};

static void set_out(struct scene *scene, struct flight *flight, unsigned slot, enum direction direction,
		    unsigned flags, struct rng *rng)
{
	flight_open(flight, &scene->ring, direction, FLIGHT_HELD);
	flight_aim(flight, &scene->memory[slot], slot, rng);
	flight_prepare(flight, flags);
	ring_submit(&scene->ring, 1);
}

static void scene_open(struct scene *scene, struct rng *rng)
{
	struct iovec buffers[2];

	ring_open(&scene->ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < 2; i++) {
		region_map(&scene->memory[i], BUFFER_PAGES, i ? "the memory of the latecomer" : "the memory of the first one");
		buffers[i] = region_iovec(&scene->memory[i]);
	}
	scene->pins = pins_at_rest();
	register_or_leave(&scene->ring, buffers, 2, NULL);
	set_out(scene, &scene->early, 0, FLIGHT_READ, 0, rng);
	flights_await_issued(&scene->ring, 1);
	call_init(&scene->unregister, "unregister", unregister_ring, &scene->ring);
	call_start(&scene->unregister);
	call_returns_or_waits(&scene->unregister);
}

static void scene_close(struct scene *scene, struct rng *rng)
{
	finish_ring(&scene->ring, rng);
	pins_check(scene->pins, "after the round");
	flight_close(&scene->early);
	flight_close(&scene->late);
	for (unsigned i = 0; i < 2; i++)
		region_unmap(&scene->memory[i]);
}

/* The first one has ended. Has the latecomer got what it needs? Says whether unregister waits for it. */
static bool judge_latecomer(struct scene *scene, struct agreed *result)
{
	bool returned = call_returns_or_waits(&scene->unregister);
	bool in_flight = !ring_look(&scene->ring, scene->late.id).order;
	long pinned = scene->pins < 0 ? BUFFER_PAGES : pins_outstanding() - scene->pins;
	struct landing landing;

	flight_release(&scene->late);
	landing = flight_land(&scene->late, &scene->memory[1], NULL, false);
	if (in_flight && landing.used == USED_OLD && pinned < BUFFER_PAGES)
		fail("the buffer pinned until the request that uses it has ended",
		     text("%ld pages pinned while the latecomer was in flight", pinned));
	agreed_add(result, landing_result(&scene->late, &landing));
	return !returned;
}

static void arrive_late(struct run *run, enum direction direction, unsigned flags)
{
	struct agreed late = { 0 }, waited = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;

		scene_open(&scene, &run->rng);
		set_out(&scene, &scene.late, 1, direction, flags, &run->rng);
		if (!ring_await_within(&scene.ring, scene.late.id, FAILS_WITHIN_MS))
			flights_await_issued(&scene.ring, 2);
		flight_release(&scene.early);
		flight_land(&scene.early, &scene.memory[0], NULL, false);
		agreed_add(&waited, judge_latecomer(&scene, &late) ? "yes" : "no");
		if (call_end(&scene.unregister) < 0)
			fail("unregister to succeed", text("result %s", result_text(scene.unregister.result)));
		scene_close(&scene, &run->rng);
	}
	observe_agreed("late", &late);
	observe_agreed("unregister_waited_for_it", &waited);
}

static void armed_read(struct run *run)
{
	arrive_late(run, FLIGHT_READ, 0);
}

static void worker_read(struct run *run)
{
	arrive_late(run, FLIGHT_READ, IOSQE_ASYNC);
}

static void armed_write(struct run *run)
{
	arrive_late(run, FLIGHT_WRITE, 0);
}

static const struct point points[] = {
	{ "armed-read", "a read that waits for its pipe arrives late", 2, armed_read },
	{ "worker-read", "a read by a worker arrives late", 2, worker_read },
	{ "armed-write", "a write that waits for a full pipe arrives late", 2, armed_write },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "quiesce-latecomer",
		.summary = "requests submitted while unregister waits, and still in flight afterwards",
		.details =
			"Invariants: a request that finds its buffer while unregister waits for another one\n"
			"has it pinned until it ends; it moves all its bytes or fails with EFAULT.\n"
			"Tells apart: what a latecomer gets, and whether unregister waits for it, too.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
