/*
 * A ring that keeps the books: every completion that a test expects is announced before, so that
 * one that is lost, doubled or out of thin air is found whatever the test was looking at.
 *
 * All functions may be called from any thread. Filling SQEs and submitting them is one thread's
 * work at a time, as with liburing itself.
 */
#ifndef RINGTRIAL_RING_H
#define RINGTRIAL_RING_H

#include <liburing.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct completion {
	const char *what;
	uint64_t order; /* place in the completion queue, from 1; 0 while it has not come */
	int res;
	unsigned flags;
	bool optional; /* may come or not, but not twice */
	bool notified; /* a zero-copy send's second completion has come: its memory is free */
};

struct ring {
	struct io_uring uring;
	pthread_mutex_t lock; /* the completion queue and the books */
	struct completion *books;
	uint64_t announced;
	uint64_t capacity;
	uint64_t arrived;
	bool shared;
	bool has_registered; /* register_or_leave() has succeeded */
	struct ring *next_open;
};

struct ring_options {
	unsigned entries;
	unsigned flags;      /* IORING_SETUP_* */
	unsigned sq_idle_ms; /* IORING_SETUP_SQPOLL: when its thread goes to sleep */
	/*
	 * Several threads wait for completions: each must look into the books often, for another one
	 * may have entered its completion there.
	 */
	bool shared;
	bool compat; /* set up by a 32-bit program's call (compat.h) */
};

/* Skips the point when the kernel has no io_uring or refuses the flags. */
void ring_open(struct ring *ring, struct ring_options options);
/* Unmaps and closes; completions still owed are not waited for. */
void ring_close(struct ring *ring);

/* Announces a completion (a request's or a buffer tag's); returns its user_data, never 0. */
uint64_t ring_announce(struct ring *ring, const char *what);
uint64_t ring_announce_optional(struct ring *ring, const char *what);

/* The next free SQE, cleared. */
struct io_uring_sqe *ring_sqe(struct ring *ring);
/*
 * Hands `count` SQEs to the kernel and fails the point when it does not take them. With SQPOLL it
 * also waits until the kernel's thread has taken them: after this the requests are submitted.
 */
void ring_submit(struct ring *ring, unsigned count);

/* Enters what has arrived into the books; does not wait. */
void ring_reap(struct ring *ring);
/* A copy of the entry as it is now. */
struct completion ring_look(struct ring *ring, uint64_t id);
/* Waits for the completion; fails the point when it does not come within WAIT_MS. */
struct completion ring_await(struct ring *ring, uint64_t id);
/* Waits for a zero-copy send and, when it promised one (IORING_CQE_F_MORE), for its notification. */
struct completion ring_await_notified(struct ring *ring, uint64_t id);
/* Waits at most `ms`; false when it has not come. */
bool ring_await_within(struct ring *ring, uint64_t id, unsigned ms);

/*
 * The end of a round: every announced completion has come once, nothing else came, the queue did
 * not overflow, and the ring still completes a NOP.
 */
void ring_check(struct ring *ring);

/* Diagnostics: what the kernel and the books say about the ring; and about every open ring. */
void ring_print(struct ring *ring);
void rings_print(void);

#endif
