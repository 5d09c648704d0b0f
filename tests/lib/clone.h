/*
 * IORING_REGISTER_CLONE_BUFFERS: a ring takes over registered buffers of another one, without
 * pinning them again (6.12; with a range, and into a table that is not empty, 6.13). By the raw
 * system call: older liburings and headers lack it (include/uapi/linux/io_uring.h, 6.13).
 */
#ifndef RINGTRIAL_CLONE_H
#define RINGTRIAL_CLONE_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

#define CLONE_SRC_REGISTERED 1u /* the source is an index of this task's registered rings */
#define CLONE_DST_REPLACE 2u

/* struct io_uring_clone_buffers of the kernel. */
struct clone_request {
	uint32_t src_fd;
	uint32_t flags;
	uint32_t src_off;
	uint32_t dst_off;
	uint32_t nr; /* 0: all, and then the offsets must be 0, too */
	uint32_t pad[3];
};

/* 0 or a negated errno; fails the point when it does not return within WAIT_MS. */
int clone_buffers(struct ring *dst, const struct clone_request *request);
/* All buffers of the source into an empty table. */
int clone_all(struct ring *dst, const struct ring *src);

/* Can the kernel clone (at all; parts of a table, and over one that is not empty)? */
bool clone_is_there(void);
bool clone_range_is_there(void);
/* Skip the point when the kernel cannot clone (at all; parts of a table). */
void clone_or_skip(void);
void clone_range_or_skip(void);

#endif
