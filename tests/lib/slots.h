/* Which memory does a slot of a ring's buffer table hold? Asked with a fixed read of some bytes. */
#ifndef RINGTRIAL_SLOTS_H
#define RINGTRIAL_SLOTS_H

#include "memory.h"
#include "ring.h"
#include "rng.h"

/* A read into the region through the slot moves all its bytes; the region is filled again. */
void slot_expect(struct ring *ring, unsigned slot, struct region *region, struct rng *rng);
/* The slot is empty or holds other memory: a read of the region's addresses fails with EFAULT. */
void slot_expect_not(struct ring *ring, unsigned slot, struct region *region, struct rng *rng);

#endif
