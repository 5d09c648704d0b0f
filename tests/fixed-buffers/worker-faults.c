/*
 * A worker in the midst of a plain read, waiting for a page of the application's memory for as long
 * as the test wants (userfaultfd), with fixed reads linked behind it or queued for the same worker.
 * Other than one that waits for a pipe, it is running: nothing polls for it, and no completion of
 * something else ends its wait.
 *
 * Invariants, in every design:
 *   - each request completes once; the fixed ones with all their bytes or with EFAULT and none;
 *   - unregister succeeds in bounded time once the page has come;
 *   - a ring that is closed lets go of all its pages within five seconds of the page; requests behind
 *     the worker move all their bytes or none, and none later;
 *   - nothing stays pinned; the ring stays usable.
 *
 * Kernels: 5.11 and later, as root; queued 5.15.
 *
 * Tells apart: selection at submission (result=full) from look-up at issue (result=-14); unregister
 * that waits for its users from one that does not.
 */
#define _GNU_SOURCE
#include "absent.h"
#include "call.h"
#include "child.h"
#include "flight.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"

#define FLIGHTS 3

enum place { BEHIND_AS_LINK, BEHIND_IN_QUEUE };

struct scene {
	enum place place;
	struct ring ring;
	struct hold pipe; /* with a page in it: a file would be another class of workers' business */
	struct region target; /* of the plain read */
	struct absent absent;
	struct region regions[FLIGHTS];
	struct flight flights[FLIGHTS];
	uint64_t head;
	long pins;
};

static void prepare_head(struct scene *scene)
{
	struct io_uring_sqe *sqe = ring_sqe(&scene->ring);

	io_uring_prep_read(sqe, scene->pipe.read_fd, scene->target.base, (unsigned)page_size(), (uint64_t)-1);
	sqe->flags = IOSQE_ASYNC | (scene->place == BEHIND_AS_LINK ? IOSQE_IO_LINK : 0);
	scene->head = ring_announce(&scene->ring, "a plain read into missing memory");
	sqe->user_data = scene->head;
}

/* Up to the moment at which the worker waits, and the fixed requests wait for the worker. */
static void scene_open(struct scene *scene, enum place place, struct rng *rng)
{
	struct iovec buffers[FLIGHTS];

	scene->place = place;
	scene->pins = pins_at_rest();
	ring_open(&scene->ring, (struct ring_options){ .entries = 8 });
	hold_open_empty(&scene->pipe);
	hold_feed(&scene->pipe, pattern_new("what a plain read brings"), page_size());
	region_map(&scene->target, 1, "memory that comes later");
	absent_begin(&scene->absent, scene->target.base, scene->target.length);
	if (place == BEHIND_IN_QUEUE && limit_workers(&scene->ring, 1) < 0)
		skip_now("the kernel cannot limit io-wq's workers (before 5.15)");
	for (unsigned i = 0; i < FLIGHTS; i++) {
		region_map(&scene->regions[i], BUFFER_PAGES, "the old memory");
		buffers[i] = region_iovec(&scene->regions[i]);
	}
	register_or_leave(&scene->ring, buffers, FLIGHTS, NULL);
	prepare_head(scene);
	for (unsigned i = 0; i < FLIGHTS; i++) {
		unsigned link = i + 1 < FLIGHTS ? IOSQE_IO_HARDLINK : 0;

		flight_open(&scene->flights[i], &scene->ring, FLIGHT_READ, FLIGHT_READY);
		flight_aim(&scene->flights[i], &scene->regions[i], i, rng);
		flight_prepare(&scene->flights[i], place == BEHIND_AS_LINK ? link : IOSQE_ASYNC);
	}
	ring_submit(&scene->ring, FLIGHTS + 1);
	absent_await_touch(&scene->absent, "the worker of a plain read");
}

/* After the ring's end. */
static void scene_close(struct scene *scene)
{
	for (unsigned i = 0; i < FLIGHTS; i++) {
		flight_close(&scene->flights[i]);
		region_unmap(&scene->regions[i]);
	}
	region_unmap(&scene->target);
	hold_close(&scene->pipe);
}

static void unregister_behind(struct run *run, enum place place)
{
	struct agreed waited = { 0 }, result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;
		struct call call;
		int head;

		scene_open(&scene, place, &run->rng);
		call_init(&call, "unregister", unregister_ring, &scene.ring);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		absent_end(&scene.absent);
		for (unsigned i = 0; i < FLIGHTS; i++) {
			struct landing landing = flight_land(&scene.flights[i], &scene.regions[i], NULL, false);

			agreed_add(&result, landing_result(&scene.flights[i], &landing));
		}
		if (call_end(&call) != 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		head = ring_await(&scene.ring, scene.head).res;
		if (head != (int)page_size())
			fail("the plain read to move its page", text("result %s", result_text(head)));
		pins_check(scene.pins, "after unregister");
		finish_ring(&scene.ring, &run->rng);
		scene_close(&scene);
	}
	observe_agreed("unregister_waited", &waited);
	observe_agreed("result", &result);
}

static void linked(struct run *run)
{
	unregister_behind(run, BEHIND_AS_LINK);
}

static void queued(struct run *run)
{
	unregister_behind(run, BEHIND_IN_QUEUE);
}

/* A worker that waits in the kernel's own page fault cannot be cancelled: the page must come, and then all is over. */
static void ring_closed(struct run *run)
{
	unsigned moved = 0;

	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;

		scene_open(&scene, round % 2 ? BEHIND_IN_QUEUE : BEHIND_AS_LINK, &run->rng);
		ring_close(&scene.ring);
		settle();
		absent_end(&scene.absent);
		task_gone(scene.pins);
		rings_gone();
		for (unsigned i = 0; i < FLIGHTS; i++)
			moved += flight_judge_unreported(&scene.flights[i], &scene.regions[i]) != USED_NONE;
		scene_close(&scene);
	}
	/* Whether those behind the worker are cancelled or done before is timing. */
	observe_measure("moved", moved, text("of-%u", FLIGHTS * run->rounds));
}

static const struct point points[] = {
	{ "linked", "reads linked behind a worker that waits for a page; unregister", 2, linked },
	{ "queued", "reads queued behind a worker that waits for a page; unregister", 2, queued },
	{ "ring-closed", "the ring is closed while its worker waits for a page", 4, ring_closed },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "worker-faults",
		.summary = "fixed requests behind a worker that waits for a page of the application",
		.details =
			"Invariants: each request completes once, with all its bytes or with EFAULT and none;\n"
			"unregister succeeds once the page has come; a closed ring lets go of its pages.\n"
			"Tells apart: selection at submission (result=full) from look-up at issue (-14).\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
