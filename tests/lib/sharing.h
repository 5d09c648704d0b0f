/* Two rings with the same registered buffers: one has registered them, the other has cloned them. */
#ifndef RINGTRIAL_SHARING_H
#define RINGTRIAL_SHARING_H

#include <stdbool.h>

#include "memory.h"
#include "ring.h"
#include "trial.h"

#define SHARED_BUFFERS 4
#define SHARED_PAGES (SHARED_BUFFERS * BUFFER_PAGES)

struct sharing {
	struct ring source;
	struct ring clone;
	struct region regions[SHARED_BUFFERS];
	long pins_before;
};

/* `by_index`: the source is named by its index among the task's registered rings (5.18). */
void sharing_begin(struct sharing *sharing, bool by_index);
/* After both rings have been closed. */
void sharing_end(struct sharing *sharing);

/* `when`: "while ..." */
void sharing_expect_pinned(const struct sharing *sharing, const char *when);
void sharing_expect_unpinned(const struct sharing *sharing);

#endif
