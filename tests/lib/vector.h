/*
 * READV_FIXED and WRITEV_FIXED (6.15): several pieces of one registered buffer in one request. The
 * numbers are the kernel's (include/uapi/linux/io_uring.h, 6.15); older liburings lack them.
 */
#ifndef RINGTRIAL_VECTOR_H
#define RINGTRIAL_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "flight.h"
#include "hold.h"
#include "memory.h"
#include "ring.h"
#include "rng.h"

#define OP_READV_FIXED 60
#define OP_WRITEV_FIXED 61
#define MOST_PIECES 6
#define MOST_VECTOR_BYTES 4096

/* One request in flight or to be: its pieces, in the order in which they are to be filled. */
struct vector {
	struct ring *ring;
	enum direction direction;
	struct iovec pieces[MOST_PIECES];
	unsigned count;
	size_t length; /* of all */
	struct hold from;  /* what it reads from, or writes to */
	struct pattern payload;
	uint64_t id;
};

/* Skips the point when the kernel has no vectored fixed requests. */
void vector_or_skip(void);

/*
 * Draws pieces of the region that do not overlap, in any order, at its very ends in one case of three.
 * A held one waits for its pipe; vector_release() lets it go.
 */
void vector_open(struct vector *vector, struct ring *ring, const struct region *region, enum direction direction,
		 enum readiness readiness, struct rng *rng);
/* Fills an SQE; the array of pieces may be overwritten once it is submitted. */
void vector_prepare(struct vector *vector, struct iovec *array, unsigned slot, unsigned flags);
void vector_release(struct vector *vector);
/* The region in which each piece has the same place as in `region`, at another address. */
enum region_state vector_state(const struct vector *vector, const struct region *region,
			       const struct region *named);
/* Did a write send the region's bytes? `taken` says how many came. */
bool vector_sent(struct vector *vector, const struct region *region, const struct region *named, size_t *taken);
void vector_close(struct vector *vector);

#endif
