#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "compat.h"
#include "point.h"
#include "watch.h"

static pthread_mutex_t open_rings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ring *open_rings;

void ring_open(struct ring *ring, struct ring_options options)
{
	struct io_uring_params params = {
		.flags = options.flags,
		.sq_thread_idle = options.sq_idle_ms,
	};
	int watch = watch_begin("io_uring_setup", WAIT_MS);
	int res = options.compat ? compat_queue_init(options.entries, &ring->uring, &params) :
				   io_uring_queue_init_params(options.entries, &ring->uring, &params);

	watch_end(watch);
	if (res == -ENOSYS || res == -EPERM)
		skip_now("io_uring is not available here: %s", result_text(res));
	if (res == -EINVAL && options.flags)
		skip_now("the kernel refuses the set-up flags 0x%x", options.flags);
	if (res < 0)
		error_now("io_uring_setup: %s", result_text(res));
	if (!(params.features & IORING_FEAT_EXT_ARG))
		skip_now("the kernel cannot wait for completions with a time-out (before 5.11)");
	pthread_mutex_init(&ring->lock, NULL);
	ring->books = NULL;
	ring->shared = options.shared;
	ring->has_registered = false;
	ring->announced = ring->capacity = ring->arrived = 0;

	pthread_mutex_lock(&open_rings_lock);
	ring->next_open = open_rings;
	open_rings = ring;
	pthread_mutex_unlock(&open_rings_lock);
}

void ring_close(struct ring *ring)
{
	int watch;

	pthread_mutex_lock(&open_rings_lock);
	for (struct ring **at = &open_rings; *at; at = &(*at)->next_open)
		if (*at == ring) {
			*at = ring->next_open;
			break;
		}
	pthread_mutex_unlock(&open_rings_lock);

	watch = watch_begin("closing the ring", WAIT_MS);
	io_uring_queue_exit(&ring->uring);
	watch_end(watch);
	pthread_mutex_destroy(&ring->lock);
	free(ring->books);
	ring->books = NULL;
}

struct io_uring_sqe *ring_sqe(struct ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	if (!sqe)
		error_now("the submission queue is full");
	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

/* With SQPOLL the kernel's thread moves the head; liburing's count says nothing about it. */
static void submit_to_thread(struct ring *ring)
{
	int res = io_uring_submit(&ring->uring);

	/* Spins, because races begin here: what comes next is to meet the request on its way. */
	while (res >= 0 && io_uring_sq_ready(&ring->uring)) {
		sched_yield();
		res = io_uring_submit(&ring->uring);
	}
	if (res < 0)
		fail_now("the submission to be accepted", text("result %s", result_text(res)));
}

/*
 * A request that fails before it is issued (its buffer is not there, say) gets its completion, and
 * ends the batch: the kernel leaves what is behind it in the queue unless the ring was set up with
 * IORING_SETUP_SUBMIT_ALL (5.18), so the rest is submitted again.
 */
static void submit_all(struct ring *ring, unsigned count)
{
	unsigned taken = 0;

	while (taken < count) {
		int res = io_uring_submit(&ring->uring);

		if (res <= 0 || taken + (unsigned)res > count)
			fail_now(text("%u requests accepted", count),
				 text("result %s after %u requests", result_text(res), taken));
		taken += (unsigned)res;
	}
}

void ring_submit(struct ring *ring, unsigned count)
{
	int watch = watch_begin("io_uring_enter (submission)", WAIT_MS);

	if (ring->uring.flags & IORING_SETUP_SQPOLL)
		submit_to_thread(ring);
	else
		submit_all(ring, count);
	watch_end(watch);
}

void ring_check(struct ring *ring)
{
	uint64_t owed = ring->announced;
	uint64_t nop = ring_announce(ring, "a NOP at the end of the round");
	struct io_uring_sqe *sqe;
	int res;

	for (uint64_t id = 1; id <= owed; id++)
		if (!ring_look(ring, id).optional)
			ring_await(ring, id);
	sqe = ring_sqe(ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = nop;
	ring_submit(ring, 1);
	res = ring_await(ring, nop).res;
	if (res != 0)
		fail("a NOP to succeed at the end of the round", text("result %s", result_text(res)));
	/* What came together with the NOP or behind it: strays and doubles. */
	ring_reap(ring);
	if (*ring->uring.cq.koverflow)
		fail("no overflow of the completion queue",
		     text("%u dropped completions", *ring->uring.cq.koverflow));
}

void rings_print(void)
{
	/* Without the lock: this is called when something hangs, and the process is about to end. */
	for (struct ring *ring = open_rings; ring; ring = ring->next_open)
		ring_print(ring);
}
