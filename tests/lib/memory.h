/*
 * Memory whose every byte is known and accounted for: anonymous pages between two guard pages,
 * filled with a pattern of their own. (Anonymous, because 5.11 refuses to register file-backed
 * memory.)
 */
#ifndef RINGTRIAL_MEMORY_H
#define RINGTRIAL_MEMORY_H

#include <stddef.h>
#include <sys/uio.h>

#include "pattern.h"

struct region {
	unsigned char *base;
	size_t length; /* whole pages */
	struct pattern pattern;
};

size_t page_size(void);

void region_map(struct region *region, size_t pages, const char *what);
/* Does nothing when the region is unmapped already. */
void region_unmap(struct region *region);
/* Fills the region with its pattern, as after region_map(). */
void region_fill(struct region *region);
struct iovec region_iovec(const struct region *region);

/*
 * Moves the region's pages to another address and puts fresh pages, with a pattern of their own,
 * in their place: the same virtual address, other memory. What the kernel has pinned are the pages
 * that moved. `moved` becomes a region of its own.
 */
void region_swap_pages(struct region *region, struct region *moved, const char *what);

/*
 * Some pages of a region as a region of its own, filled with a pattern of its own: several requests
 * in one registered buffer can then be judged one by one. Not to be unmapped.
 */
struct region region_part(const struct region *whole, size_t first_page, size_t pages, const char *what);

/* What an I/O to [offset, offset + length) of a region has done to the whole of it. */
enum region_state {
	REGION_UNTOUCHED,
	REGION_WRITTEN, /* exactly that range holds `payload`, all other bytes are the region's own */
	REGION_DAMAGED, /* anything else */
};

enum region_state region_state(const struct region *region, size_t offset, size_t length,
			       struct pattern payload);
/* For diagnostics: the first byte that is not the region's own, and whose it is. */
const char *region_describe(const struct region *region);

#endif
