/*
 * A request that is done in steps, and what happens to its buffer in between: the pages at its
 * address are replaced before it is submitted, the slot is updated while it is in its middle.
 */
#ifndef RINGTRIAL_PARTIAL_H
#define RINGTRIAL_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "ring.h"
#include "rng.h"

struct partial {
	struct ring ring;
	struct region fresh; /* what the application has at the address that the request names */
	struct region old;   /* the pages that were registered there */
	uint64_t id;
};

void partial_open(struct partial *partial, unsigned pages);
/* Actions for a call (call.h); the argument is the partial. */
long partial_update(void *argument);
long partial_unregister(void *argument);
void partial_close(struct partial *partial, struct rng *rng, bool is_registered);

#endif
