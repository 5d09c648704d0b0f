/*
 * Rings whose buffers count against RLIMIT_MEMLOCK. The kernel counts for the user who opened the
 * ring, unless that task had CAP_IPC_LOCK: so the ring is opened as the user nobody, and what
 * follows is done as root again, who alone may look at the machine's pins.
 */
#ifndef RINGTRIAL_LIMITED_H
#define RINGTRIAL_LIMITED_H

#include <stddef.h>

#include "ring.h"

/* Sets the (soft) limit of this process. */
void limit_locked_memory(size_t pages);
void ring_open_limited(struct ring *ring, struct ring_options options);

#endif
