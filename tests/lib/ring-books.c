/* The books of a ring: what is announced, what has come, and the waits for it. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "ring.h"
#include "watch.h"

/* One wait for completions inside the kernel; between two of them the deadline is looked at. */
#define WAIT_SLICE_NS 50000000
#define SHARED_WAIT_SLICE_NS 1000000
#define SHARED_LOOKS 100

static uint64_t announce(struct ring *ring, const char *what, bool optional)
{
	uint64_t id;

	pthread_mutex_lock(&ring->lock);
	if (ring->announced == ring->capacity) {
		ring->capacity = ring->capacity ? 2 * ring->capacity : 64;
		ring->books = realloc(ring->books, ring->capacity * sizeof(*ring->books));
		if (!ring->books)
			error_now("out of memory");
	}
	ring->books[ring->announced] = (struct completion){ .what = what, .optional = optional };
	id = ++ring->announced;
	pthread_mutex_unlock(&ring->lock);
	return id;
}

uint64_t ring_announce(struct ring *ring, const char *what)
{
	return announce(ring, what, false);
}

uint64_t ring_announce_optional(struct ring *ring, const char *what)
{
	return announce(ring, what, true);
}

static void enter_notification(struct ring *ring, struct completion *entry)
{
	if (!(entry->flags & IORING_CQE_F_MORE) || entry->notified)
		fail(text("one notification for %s, if it promised one", entry->what),
		     entry->notified ? "a second one" : "one that was not promised");
	entry->notified = true;
	ring->arrived++;
}

/* With the lock held. */
static void enter_into_books(struct ring *ring, const struct io_uring_cqe *cqe)
{
	struct completion *entry;

	if (cqe->user_data == 0 || cqe->user_data > ring->announced) {
		fail("only completions of requests that were submitted",
		     text("user_data 0x%llx, result %s, flags 0x%x", (unsigned long long)cqe->user_data,
			  result_text(cqe->res), cqe->flags));
		return;
	}
	entry = &ring->books[cqe->user_data - 1];
	if (cqe->flags & IORING_CQE_F_NOTIF) {
		enter_notification(ring, entry);
		return;
	}
	if (entry->order)
		fail(text("one completion for %s (user_data %llu)", entry->what,
			  (unsigned long long)cqe->user_data),
		     text("a second one: first result %d, now %s", entry->res, result_text(cqe->res)));
	entry->order = ++ring->arrived;
	entry->res = cqe->res;
	entry->flags = cqe->flags;
}

void ring_reap(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned count = 0;
	unsigned head;

	pthread_mutex_lock(&ring->lock);
	io_uring_for_each_cqe(&ring->uring, head, cqe) {
		enter_into_books(ring, cqe);
		count++;
	}
	io_uring_cq_advance(&ring->uring, count);
	pthread_mutex_unlock(&ring->lock);
}

struct completion ring_look(struct ring *ring, uint64_t id)
{
	struct completion entry;

	pthread_mutex_lock(&ring->lock);
	entry = ring->books[id - 1];
	pthread_mutex_unlock(&ring->lock);
	return entry;
}

/* Sleeps in the kernel until a completion is there, for one slice at most; also runs task work. */
static void wait_slice(struct ring *ring)
{
	struct __kernel_timespec slice = {
		.tv_nsec = ring->shared ? SHARED_WAIT_SLICE_NS : WAIT_SLICE_NS,
	};
	struct io_uring_getevents_arg argument = { .sigmask_sz = _NSIG / 8, .ts = (uintptr_t)&slice };
	int watch = watch_begin("io_uring_enter (wait of 50 ms at most)", WAIT_MS);

	syscall(__NR_io_uring_enter, ring->uring.ring_fd, 0, 1,
		IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof(argument));
	watch_end(watch);
}

bool ring_await_within(struct ring *ring, uint64_t id, unsigned ms)
{
	struct deadline deadline = deadline_in_ms(ms);
	unsigned looks = 0;

	for (;;) {
		ring_reap(ring);
		if (ring_look(ring, id).order)
			return true;
		if (deadline_passed(deadline))
			return false;
		/* Even the shortest sleep lasts a tick of 4 ms in some guests, and others may reap for us. */
		if (ring->shared && looks++ < SHARED_LOOKS)
			sched_yield();
		else
			wait_slice(ring);
	}
}

struct completion ring_await_notified(struct ring *ring, uint64_t id)
{
	struct completion sent = ring_await(ring, id);
	struct deadline deadline = deadline_in_ms(WAIT_MS);

	while ((sent.flags & IORING_CQE_F_MORE) && !ring_look(ring, id).notified) {
		if (deadline_passed(deadline))
			fail_now(text("a notification for %s", sent.what), text("none within %u ms", WAIT_MS));
		wait_slice(ring);
		ring_reap(ring);
	}
	return ring_look(ring, id);
}

struct completion ring_await(struct ring *ring, uint64_t id)
{
	if (!ring_await_within(ring, id, WAIT_MS)) {
		fail(text("a completion for %s (user_data %llu)", ring_look(ring, id).what,
			  (unsigned long long)id),
		     text("none within %u ms", WAIT_MS));
		ring_print(ring);
		point_end();
	}
	return ring_look(ring, id);
}
