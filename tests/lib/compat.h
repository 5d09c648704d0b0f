/*
 * System calls as a 32-bit program makes them, from a 64-bit one: int $0x80 on x86-64, with
 * arguments in the lower 4 GiB. A ring that is set up by such a call reads iovecs of 8 bytes, each
 * an address and a length of 32 bits (struct compat_iovec), whoever registers.
 */
#ifndef RINGTRIAL_COMPAT_H
#define RINGTRIAL_COMPAT_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "ring.h"

struct compat_iovec {
	uint32_t base;
	uint32_t length;
};

/* Skips the point when the machine is no x86-64 or the kernel has no 32-bit calls. */
void compat_needed(void);
/* Zeroed memory below 4 GiB, for arguments. Never freed. */
void *compat_alloc(size_t size);
/* A region of such memory, between guard pages. */
void compat_region_map(struct region *region, size_t pages, const char *what);
struct compat_iovec compat_iovec(const struct region *region);

/* As io_uring_queue_init_params(3). */
int compat_queue_init(unsigned entries, struct io_uring *uring, struct io_uring_params *params);
/* io_uring_register(2), watched; `argument` from compat_alloc(). */
int compat_register(struct ring *ring, unsigned operation, const void *argument, unsigned count);

#endif
