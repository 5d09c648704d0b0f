/*
 * READV_FIXED and WRITEV_FIXED: several pieces of one registered buffer in one request, and the buffer
 * let go or replaced while it is in flight.
 *
 * Invariants, in every design:
 *   - a request moves all its bytes, each piece's to and from its own place, also at the very ends of
 *     the buffer, or fails with EFAULT and moves none;
 *   - one piece outside of the buffer makes the whole request fail;
 *   - the array of pieces is the application's again once the request is submitted;
 *   - a request uses the old memory or the new one, never both, and takes nothing out of its pipe
 *     when it fails; unregister returns in bounded time; nothing stays pinned.
 *
 * Kernels: 6.15 and later.
 *
 * Tells apart: selection at submission (linked: result=full) from look-up at issue (result=-14, and
 * memory=new after an update); unregister that waits from one that does not.
 */
#include <errno.h>
#include <string.h>

#include "call.h"
#include "gate.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "vector.h"

#define PAGES 8

/* The memory that the vector used, or none; fails the point when it is both, or not as it should be. */
static enum used judge(struct vector *vector, const struct region *old, const struct region *fresh,
		       const struct region *named)
{
	int res = ring_await(vector->ring, vector->id).res;
	bool in_old, in_new, moved = res == (int)vector->length;
	size_t taken = 0;

	if (!moved && res != -EFAULT)
		fail("a vectored request to move all its bytes or fail with EFAULT",
		     text("result %s", result_text(res)));
	if (vector->direction == FLIGHT_WRITE) {
		in_old = vector_sent(vector, old, named, &taken);
		if (moved ? taken != vector->length : taken != 0)
			fail(text("%zu bytes sent", moved ? vector->length : (size_t)0), text("%zu", taken));
		if (moved && !in_old && !fresh)
			fail("the bytes of the pieces, in order", "others");
		return !moved ? USED_NONE : in_old ? USED_OLD : USED_NEW;
	}
	in_old = vector_state(vector, old, named) == REGION_WRITTEN;
	in_new = fresh && vector_state(vector, fresh, named) == REGION_WRITTEN;
	if (vector_state(vector, old, named) == REGION_DAMAGED ||
	    (fresh && vector_state(vector, fresh, named) == REGION_DAMAGED) || (in_old && in_new) ||
	    moved != (in_old || in_new))
		fail("the pieces of one memory written, and nothing else",
		     text("result %d, old: %s", res, region_describe(old)));
	return in_old ? USED_OLD : in_new ? USED_NEW : USED_NONE;
}

struct scene {
	struct ring ring;
	struct region region;
	long pins_before;
};

static void scene_begin(struct scene *scene)
{
	struct iovec buffer;

	vector_or_skip();
	ring_open(&scene->ring, (struct ring_options){ .entries = 8 });
	region_map(&scene->region, PAGES, "the memory of a vector");
	buffer = region_iovec(&scene->region);
	scene->pins_before = pins_at_rest();
	register_or_leave(&scene->ring, &buffer, 1, NULL);
}

static void scene_end(struct scene *scene, struct rng *rng)
{
	unregister_buffers(&scene->ring);
	check_usable(&scene->ring, rng);
	ring_check(&scene->ring);
	ring_close(&scene->ring);
	pins_check(scene->pins_before, "at the end");
	region_unmap(&scene->region);
}

static void pieces(struct run *run)
{
	struct iovec array[MOST_PIECES];
	struct scene scene;

	scene_begin(&scene);
	for (unsigned round = 0; round < run->rounds; round++) {
		struct vector vector;

		vector_open(&vector, &scene.ring, &scene.region, round % 2 ? FLIGHT_WRITE : FLIGHT_READ,
			    FLIGHT_READY, &run->rng);
		vector_prepare(&vector, array, 0, rng_chance(&run->rng, 3) ? IOSQE_ASYNC : 0);
		ring_submit(&scene.ring, 1);
		memset(array, 0xff, sizeof(array));
		if (judge(&vector, &scene.region, NULL, &scene.region) != USED_OLD)
			fail("a request inside of the buffer to succeed", "EFAULT");
		region_fill(&scene.region);
		vector_close(&vector);
	}
	scene_end(&scene, &run->rng);
}

/* One piece is moved to where it does not belong. */
static void wrong_pieces(struct run *run)
{
	struct iovec array[MOST_PIECES];
	struct agreed result = { 0 };
	struct scene scene;

	scene_begin(&scene);
	for (unsigned round = 0; round < run->rounds; round++) {
		struct vector vector;
		struct iovec *wrong;
		int res;

		vector_open(&vector, &scene.ring, &scene.region, round % 2 ? FLIGHT_WRITE : FLIGHT_READ,
			    FLIGHT_READY, &run->rng);
		wrong = &vector.pieces[rng_below(&run->rng, vector.count)];
		if (round % 4 == 0) /* all but a byte of it inside */
			wrong->iov_base = scene.region.base + scene.region.length - wrong->iov_len + 1;
		else if (round % 4 == 1)
			wrong->iov_base = scene.region.base - 1;
		else if (round % 4 == 2)
			wrong->iov_base = (void *)(UINTPTR_MAX - wrong->iov_len / 2);
		else
			wrong->iov_len = 0;
		vector_prepare(&vector, array, 0, rng_chance(&run->rng, 3) ? IOSQE_ASYNC : 0);
		ring_submit(&scene.ring, 1);
		res = ring_await(&scene.ring, vector.id).res;
		if (res >= 0 && round % 4 != 3)
			fail("a request with a piece outside of the buffer to fail", text("result %d", res));
		if (res < 0 && pattern_mismatch(scene.region.base, scene.region.pattern, 0, scene.region.length) >= 0)
			fail("a request that fails to move nothing", region_describe(&scene.region));
		agreed_add(&result, res >= 0 ? "moved" : text("%d", res));
		region_fill(&scene.region);
		vector_close(&vector);
	}
	observe_agreed("result", &result);
	scene_end(&scene, &run->rng);
}

static long unregister(void *scene)
{
	return unregister_buffers(&((struct scene *)scene)->ring);
}

static long update(void *argument)
{
	struct scene *scene = argument;
	struct iovec buffer = region_iovec(&scene->region);
	int res = update_buffers(&scene->ring, 0, &buffer, 1, NULL);

	return res == 1 ? 0 : -EINVAL;
}

/* In flight, or linked behind a plain read: the pages at its addresses are others by then. */
static void act_in_flight(struct run *run, bool is_linked, const char *what, long (*action)(void *scene))
{
	struct agreed waited = { 0 }, result = { 0 }, memory = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		enum direction direction = round % 2 ? FLIGHT_WRITE : FLIGHT_READ;
		struct iovec array[MOST_PIECES];
		struct vector vector;
		struct region old;
		struct scene scene;
		struct gate gate;
		struct call call;
		enum used used;

		scene_begin(&scene);
		vector_open(&vector, &scene.ring, &scene.region, direction,
			    is_linked ? FLIGHT_READY : FLIGHT_HELD, &run->rng);
		if (is_linked)
			gate_prepare(&gate, &scene.ring);
		vector_prepare(&vector, array, 0, is_linked ? 0 : IOSQE_ASYNC);
		ring_submit(&scene.ring, is_linked ? 2 : 1);
		memset(array, 0, sizeof(array));
		flights_await_issued(&scene.ring, 1);
		region_swap_pages(&scene.region, &old, "the new memory");
		call_init(&call, what, action, &scene);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		if (is_linked)
			gate_open(&gate);
		else
			vector_release(&vector);
		used = judge(&vector, &old, &scene.region, &scene.region);
		if (call_end(&call) != 0)
			fail(text("%s to succeed", what), text("result %s", result_text(call.result)));
		agreed_add(&result, used == USED_NONE ? "-14" : "full");
		agreed_add(&memory, used_text(used));
		scene_end(&scene, &run->rng);
		region_unmap(&old);
		vector_close(&vector);
		if (is_linked)
			gate_close(&gate);
	}
	observe_agreed(text("%s_waited", what), &waited);
	observe_agreed("result", &result);
	observe_agreed("memory", &memory);
}

static void issued(struct run *run)
{
	act_in_flight(run, false, "unregister", unregister);
}

static void issued_update(struct run *run)
{
	act_in_flight(run, false, "update", update);
}

static void linked(struct run *run)
{
	act_in_flight(run, true, "unregister", unregister);
}

static void linked_update(struct run *run)
{
	act_in_flight(run, true, "update", update);
}

static const struct point points[] = {
	{ "pieces", "pieces anywhere in the buffer, in any order", 40, pieces },
	{ "wrong-pieces", "a piece that lies outside, wraps around, or is empty", 16, wrong_pieces },
	{ "issued", "in flight, waiting for its pipe; unregister", 2, issued },
	{ "issued-update", "in flight, waiting for its pipe; update at the same addresses", 2, issued_update },
	{ "linked", "submitted, not issued; unregister", 2, linked },
	{ "linked-update", "submitted, not issued; update at the same addresses", 2, linked_update },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "vectored-fixed",
		.summary = "READV_FIXED and WRITEV_FIXED, and their buffer let go in flight",
		.details =
			"Invariants: each piece's bytes in their place, or EFAULT and none; a piece outside of\n"
			"the buffer makes the request fail; the array of pieces is free after submission; old\n"
			"or new memory, never both.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
