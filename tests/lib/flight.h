/*
 * One fixed request in flight on purpose: READ_FIXED from a pipe or WRITE_FIXED to one, its piece
 * of a registered buffer, and the judgement of what it did when it has ended.
 */
#ifndef RINGTRIAL_FLIGHT_H
#define RINGTRIAL_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold.h"
#include "memory.h"
#include "ring.h"
#include "rng.h"

enum direction { FLIGHT_READ, FLIGHT_WRITE };

/* Does the pipe hold the request back when it is issued, or can it go through at once? */
enum readiness { FLIGHT_HELD, FLIGHT_READY };

struct flight {
	struct ring *ring;
	enum direction direction;
	bool held;
	struct hold pipe; /* or socket, when it does not hold */
	struct pattern payload; /* what a read is to bring */
	unsigned slot;          /* index of the registered buffer */
	unsigned char *at;
	size_t offset; /* of `at` in the buffer */
	size_t length;
	uint64_t id;
};

/* Which memory's bytes the request read or wrote. */
enum used { USED_NONE = 1, USED_OLD = 2, USED_NEW = 4 };

struct landing {
	int res;
	enum used used;
	uint64_t order; /* in the completion queue */
};

void flight_open(struct flight *flight, struct ring *ring, enum direction direction,
		 enum readiness readiness);
/*
 * Draws a piece of the region: any offset, any length that the pipe takes in one go. A flight that
 * was ready and has landed may be aimed and prepared again.
 */
void flight_aim(struct flight *flight, const struct region *region, unsigned slot, struct rng *rng);
/* Fills an SQE (`flags`: IOSQE_*); the caller submits. */
void flight_prepare(struct flight *flight, unsigned flags);
/* Lets a held request go through. */
void flight_release(struct flight *flight);
/*
 * Waits for the completion and checks result and data together. `old` is the memory registered
 * when the request was submitted, `fresh` (or NULL) what was registered under the same index
 * since. What is right in some design is told in the result; what is wrong in all fails the point:
 * a result other than the full length or -EFAULT (or -ECANCELED where `may_be_cancelled`), bytes
 * in two memories, outside the range, from elsewhere, or moved by a request that failed.
 */
struct landing flight_land(struct flight *flight, const struct region *old, const struct region *fresh,
			   bool may_be_cancelled);
/*
 * The same for a request whose ring is gone, so that nobody can say how it ended: it must have
 * moved all its bytes or none.
 */
enum used flight_judge_unreported(struct flight *flight, const struct region *old);
void flight_close(struct flight *flight);

/* "full", or the errno as a number: a length drawn at random must not show in an observation. */
const char *landing_result(const struct flight *flight, const struct landing *landing);
const char *used_text(enum used used);

/*
 * Waits until `count` requests of the ring are known to have been issued and to wait for their
 * pipes: armed with a poll (the ring's fdinfo lists them) or blocked in an io-wq worker.
 */
void flights_await_issued(struct ring *ring, unsigned count);
/* How many are armed with a poll; 0 also where the kernel does not tell while the ring's lock is held. */
unsigned flights_polling(struct ring *ring);

#endif
