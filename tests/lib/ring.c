#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "compat.h"
#include "point.h"
#include "watch.h"

/* One wait for completions inside the kernel; between two of them the deadline is looked at. */
#define WAIT_SLICE_NS 50000000
#define SHARED_WAIT_SLICE_NS 1000000
#define SHARED_LOOKS 100

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
