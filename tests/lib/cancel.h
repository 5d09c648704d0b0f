/* IORING_OP_ASYNC_CANCEL, from its submission to its completion. */
#ifndef RINGTRIAL_CANCEL_H
#define RINGTRIAL_CANCEL_H

#include <stdint.h>

#include "ring.h"

/* 0, ENOENT when there is no such request any more, EALREADY when it is past cancelling. */
int cancel_request(struct ring *ring, uint64_t id);
/* The request on this file; EINVAL before 5.19. */
int cancel_by_file(struct ring *ring, int fd);

#endif
