#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "point.h"

size_t page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* Address space that nothing may touch, with one page more on either side. */
static unsigned char *reserve(size_t length)
{
	void *at = mmap(NULL, length + 2 * page_size(), PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
	return (unsigned char *)at + page_size();
}

static void put_fresh_pages(unsigned char *at, size_t length)
{
	if (mmap(at, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
}

void region_fill(struct region *region)
{
	pattern_write(region->base, region->pattern, 0, region->length);
}

void region_map(struct region *region, size_t pages, const char *what)
{
	region->length = pages * page_size();
	region->base = reserve(region->length);
	region->pattern = pattern_new(what);
	put_fresh_pages(region->base, region->length);
	region_fill(region);
}

struct region region_part(const struct region *whole, size_t first_page, size_t pages, const char *what)
{
	struct region part = {
		.base = whole->base + first_page * page_size(),
		.length = pages * page_size(),
		.pattern = pattern_new(what),
	};

	region_fill(&part);
	return part;
}

void region_unmap(struct region *region)
{
	if (!region->base)
		return;
	munmap(region->base - page_size(), region->length + 2 * page_size());
	region->base = NULL;
}

struct iovec region_iovec(const struct region *region)
{
	return (struct iovec){ .iov_base = region->base, .iov_len = region->length };
}

void region_swap_pages(struct region *region, struct region *moved, const char *what)
{
	*moved = *region;
	moved->base = reserve(region->length);
	if (mremap(region->base, region->length, region->length, MREMAP_MAYMOVE | MREMAP_FIXED,
		   moved->base) == MAP_FAILED)
		error_now("mremap: %s", strerror(errno));
	put_fresh_pages(region->base, region->length);
	region->pattern = pattern_new(what);
	region_fill(region);
}

enum region_state region_state(const struct region *region, size_t offset, size_t length,
			       struct pattern payload)
{
	size_t end = offset + length;

	if (pattern_mismatch(region->base, region->pattern, 0, offset) >= 0 ||
	    pattern_mismatch(region->base + end, region->pattern, end, region->length - end) >= 0)
		return REGION_DAMAGED;
	if (pattern_mismatch(region->base + offset, region->pattern, offset, length) < 0)
		return REGION_UNTOUCHED;
	if (pattern_mismatch(region->base + offset, payload, 0, length) < 0)
		return REGION_WRITTEN;
	return REGION_DAMAGED;
}

const char *region_describe(const struct region *region)
{
	long at = pattern_mismatch(region->base, region->pattern, 0, region->length);

	if (at < 0)
		return text("%s #%u untouched", region->pattern.what, region->pattern.number);
	return text("%s #%u from offset %ld on: %s", region->pattern.what, region->pattern.number, at,
		    pattern_describe(region->base + at, region->length - (size_t)at));
}
