/*
 * Requests that take a registered buffer and do nothing with it: fixed reads that end with EAGAIN
 * (RWF_NOWAIT), and NOPs that only look a buffer up (IORING_NOP_FIXED_BUFFER). What they took must
 * be given back all the same.
 *
 * Invariants, in every design:
 *   - a read that may not wait ends at once with EAGAIN (EOPNOTSUPP where it cannot be asked) and
 *     moves nothing; unregister does not wait
 *     for it afterwards;
 *   - a NOP finds its buffer exactly when the slot holds one, and gives EFAULT else;
 *   - thousands of look-ups against register and unregister leave no page pinned, and the ring usable.
 *
 * Kernels: 5.13 and later; the NOPs 6.13.
 *
 * Tells apart: a NOP that is submitted before unregister and issued after it finds its buffer
 * (linked_nop=0) or not (linked_nop=-14).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "call.h"
#include "clock.h"
#include "gate.h"
#include "hold.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "watch.h"

#define BATCH 16
/* Up to 6.1 the work that ends an unregister may be put off by a second. */
#define NO_WAIT_MS 5000u
/* include/uapi/linux/io_uring.h, 6.13 */
#define NOP_FIXED_BUFFER (1u << 3)

struct scene {
	struct ring ring;
	struct region region;
	struct iovec buffer;
	long pins_before;
};

static void scene_begin(struct scene *scene)
{
	ring_open(&scene->ring, (struct ring_options){ .entries = 2 * BATCH });
	region_map(&scene->region, BUFFER_PAGES, "memory that is looked up");
	scene->buffer = region_iovec(&scene->region);
	scene->pins_before = pins_at_rest();
}

static void scene_end(struct scene *scene, struct rng *rng)
{
	check_usable(&scene->ring, rng);
	ring_check(&scene->ring);
	ring_close(&scene->ring);
	pins_check(scene->pins_before, "at the end");
	region_unmap(&scene->region);
}

/* A wait for a request that does not end would be a wait for ever. */
static void expect_no_wait(struct ring *ring)
{
	int watch = watch_begin("unregister, with no request in flight", NO_WAIT_MS);
	int res = unregister_buffers(ring);

	watch_end(watch);
	if (res != 0)
		fail("unregister to succeed", text("result %s", result_text(res)));
}

/* On an empty socket. */
static void nowait(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;
		struct hold empty;
		uint64_t ids[BATCH];

		scene_begin(&scene);
		hold_open_through(&empty);
		register_or_leave(&scene.ring, &scene.buffer, 1, NULL);
		for (unsigned i = 0; i < BATCH; i++) {
			struct io_uring_sqe *sqe = ring_sqe(&scene.ring);

			io_uring_prep_read_fixed(sqe, empty.read_fd, scene.region.base, 64, (uint64_t)-1, 0);
			sqe->rw_flags = RWF_NOWAIT;
			sqe->flags = i % 4 == 3 ? IOSQE_ASYNC : 0;
			ids[i] = ring_announce(&scene.ring, "a READ_FIXED that may not wait");
			sqe->user_data = ids[i];
		}
		ring_submit(&scene.ring, BATCH);
		for (unsigned i = 0; i < BATCH; i++) {
			int res = ring_await(&scene.ring, ids[i]).res;

			/* Pipes cannot be asked not to wait before 6.4 (no FMODE_NOWAIT): refused, after the look-up. */
			if (res != -EAGAIN && res != -EOPNOTSUPP)
				fail("a read that may not wait to end with EAGAIN", text("result %s", result_text(res)));
		}
		expect_no_wait(&scene.ring);
		if (pattern_mismatch(scene.region.base, scene.region.pattern, 0, scene.region.length) >= 0)
			fail("no byte moved", region_describe(&scene.region));
		hold_close(&empty);
		scene_end(&scene, &run->rng);
	}
}

static uint64_t prepare_nop(struct ring *ring, unsigned slot, unsigned flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	io_uring_prep_nop(sqe);
	sqe->rw_flags = NOP_FIXED_BUFFER;
	sqe->buf_index = (uint16_t)slot;
	sqe->flags = (uint8_t)flags;
	sqe->user_data = ring_announce(ring, "a NOP that looks a buffer up");
	return sqe->user_data;
}

static int look_up(struct ring *ring, unsigned slot, unsigned flags)
{
	uint64_t id = prepare_nop(ring, slot, flags);

	ring_submit(ring, 1);
	return ring_await(ring, id).res;
}

static void expect(const char *what, int res, int expected)
{
	if (res != expected)
		fail(text("a NOP on %s to give %s", what, result_text(expected)),
		     text("result %s", result_text(res)));
}

static void skip_without_nops(struct scene *scene)
{
	if (look_up(&scene->ring, 0, 0) == -EINVAL)
		skip_now("the kernel has no NOP that looks a buffer up (before 6.13)");
}

static void nops(struct run *run)
{
	struct agreed linked = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		unsigned flags = round % 2 ? IOSQE_ASYNC : 0;
		struct iovec buffers[2] = { { 0 } };
		struct scene scene;
		struct gate gate;
		struct call call;
		uint64_t id;

		scene_begin(&scene);
		skip_without_nops(&scene);
		expect("a ring without buffers", look_up(&scene.ring, 0, flags), -EFAULT);
		buffers[1] = scene.buffer;
		register_or_leave(&scene.ring, buffers, 2, NULL);
		expect("an empty slot", look_up(&scene.ring, 0, flags), -EFAULT);
		expect("a slot with a buffer", look_up(&scene.ring, 1, flags), 0);
		expect("a slot behind the table", look_up(&scene.ring, 2, flags), -EFAULT);
		gate_prepare(&gate, &scene.ring);
		id = prepare_nop(&scene.ring, 1, flags);
		ring_submit(&scene.ring, 2);
		call_init(&call, "unregister", unregister_ring, &scene.ring);
		call_start(&call);
		call_returns_or_waits(&call);
		gate_open(&gate);
		agreed_add(&linked, text("%d", ring_await(&scene.ring, id).res));
		if (call_end(&call) != 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		gate_close(&gate);
		scene_end(&scene, &run->rng);
	}
	observe_agreed("linked_nop", &linked);
}

struct looker {
	struct ring *ring;
	_Atomic bool over;
	_Atomic unsigned batches;
	unsigned found, missed;
};

static void *keep_looking(void *argument)
{
	struct looker *looker = argument;

	while (!atomic_load(&looker->over)) {
		uint64_t ids[BATCH];

		for (unsigned i = 0; i < BATCH; i++)
			ids[i] = prepare_nop(looker->ring, 0, i % 4 == 0 ? IOSQE_ASYNC : 0);
		ring_submit(looker->ring, BATCH);
		for (unsigned i = 0; i < BATCH; i++) {
			int res = ring_await(looker->ring, ids[i]).res;

			if (res != 0 && res != -EFAULT)
				fail("a NOP to find its buffer or not", text("result %s", result_text(res)));
			looker->found += res == 0;
			looker->missed += res != 0;
		}
		atomic_fetch_add(&looker->batches, 1);
	}
	return NULL;
}

/* One batch has begun and ended meanwhile. */
static void await_batch(struct looker *looker)
{
	unsigned before = atomic_load(&looker->batches);
	int watch = watch_begin("NOPs, while another thread registers and unregisters", WAIT_MS);

	while (atomic_load(&looker->batches) - before < 2)
		sched_yield();
	watch_end(watch);
}

static void nop_race(struct run *run)
{
	struct looker looker = { 0 };
	struct scene scene;
	pthread_t thread;

	scene_begin(&scene);
	skip_without_nops(&scene);
	looker.ring = &scene.ring;
	if (pthread_create(&thread, NULL, keep_looking, &looker))
		error_now("cannot start a thread");
	for (unsigned round = 0; round < run->rounds; round++) {
		register_or_leave(&scene.ring, &scene.buffer, 1, NULL);
		if (rng_chance(&run->rng, 2))
			await_batch(&looker);
		if (rng_chance(&run->rng, 4) && update_buffers(&scene.ring, 0, &scene.buffer, 1, NULL) != 1)
			fail("one slot updated", "an error");
		if (unregister_buffers(&scene.ring) != 0)
			fail("unregister to succeed", "an error");
		if (rng_chance(&run->rng, 4))
			await_batch(&looker);
	}
	atomic_store(&looker.over, true);
	pthread_join(thread, NULL);
	scene_end(&scene, &run->rng);
	observe_measure("found", looker.found, text("of-%u", looker.found + looker.missed));
}

static const struct point points[] = {
	{ "nowait", "fixed reads with RWF_NOWAIT that would have to wait", 2, nowait },
	{ "nops", "NOPs that look up slots with and without buffers, and after unregister", 2, nops },
	{ "nop-race", "NOPs that look a buffer up, against register, update and unregister", 100, nop_race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "lookup-only",
		.summary = "requests that take a registered buffer and do nothing with it",
		.details =
			"Invariants: reads that may not wait end with EAGAIN and give back what they took; a\n"
			"NOP finds a buffer exactly when there is one; nothing stays pinned.\n"
			"Tells apart: a NOP submitted before unregister and issued after it finds its buffer\n"
			"or not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
