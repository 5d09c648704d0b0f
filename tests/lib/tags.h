/* Tags of buffers, which are to come or not to come. Announce them as optional (ring.h). */
#ifndef RINGTRIAL_TAGS_H
#define RINGTRIAL_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

/*
 * Kernels up to 6.1 post a tag from a work item that they delay by one second: after this much,
 * and settle(), what may come has come.
 */
#define TAG_DELAY_MS 1200u

bool tag_came(struct ring *ring, uint64_t tag);
/* Waits for it; fails the point, which goes on, when it does not come. */
void tag_expect(struct ring *ring, uint64_t tag, const char *whose);
/* It has not come by now. */
void tag_expect_none(struct ring *ring, uint64_t tag, const char *whose);

#endif
