#define _GNU_SOURCE
#include "huge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "point.h"

#define POOL "/proc/sys/vm/nr_hugepages"
#ifndef MADV_COLLAPSE /* 6.1 */
#define MADV_COLLAPSE 25
#endif
/* A page's frame number in its entry of /proc/self/pagemap (admin-guide/mm/pagemap.rst). */
#define FRAME ((UINT64_C(1) << 55) - 1)

static void enlarge_pool(size_t by)
{
	FILE *file = fopen(POOL, "r+e");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%lu", &pages) != 1)
		skip_now("no pool of huge pages that this user may enlarge");
	rewind(file);
	fprintf(file, "%lu\n", pages + by);
	fclose(file);
}

static unsigned char *map_pool(size_t length)
{
	/* Populated: else a pool without pages shows only as SIGBUS at the first touch. */
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE | 21 << MAP_HUGE_SHIFT, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void huge_map_pool(struct region *region, size_t huge_pages)
{
	region->length = huge_pages * HUGE_BYTES;
	region->base = map_pool(region->length);
	if (!region->base) {
		enlarge_pool(huge_pages);
		region->base = map_pool(region->length);
	}
	if (!region->base)
		skip_now("%zu huge pages cannot be had: %s", huge_pages, strerror(errno));
	region->pattern = pattern_new("memory in huge pages of the pool");
	region_fill(region);
}

/* Do the frames follow each other, as those of a huge page do? Only root sees frame numbers. */
static bool is_huge(const unsigned char *at)
{
	static uint64_t entries[HUGE_BYTES / 4096];
	size_t count = HUGE_BYTES / page_size();
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got = pread(fd, entries, count * sizeof(*entries),
			    (off_t)((uintptr_t)at / page_size() * sizeof(*entries)));

	close(fd);
	if (got != (ssize_t)(count * sizeof(*entries)) || (entries[0] & FRAME) % count)
		return false;
	for (size_t i = 1; i < count; i++)
		if ((entries[i] & FRAME) != (entries[0] & FRAME) + i)
			return false;
	return (entries[0] & FRAME) != 0;
}

/* The kernel gives none by itself to a machine with less than 512 MiB (mm/huge_memory.c). */
static bool collapse(unsigned char *at)
{
	return madvise(at, HUGE_BYTES, MADV_COLLAPSE) == 0 && is_huge(at);
}

void huge_map_transparent(struct region *region, size_t huge_pages)
{
	unsigned char *at;

	region->length = huge_pages * HUGE_BYTES;
	at = mmap(NULL, region->length + HUGE_BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
	region->base = (unsigned char *)(((uintptr_t)at + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	if (madvise(region->base, region->length, MADV_HUGEPAGE) < 0)
		skip_now("the kernel has no transparent huge pages: %s", strerror(errno));
	region->pattern = pattern_new("memory in transparent huge pages");
	region_fill(region);
	for (size_t i = 0; i < huge_pages; i++)
		if (!is_huge(region->base + i * HUGE_BYTES) && !collapse(region->base + i * HUGE_BYTES))
			skip_now("the kernel gave no transparent huge page (or does not show it; run as root)");
}

void huge_unmap(struct region *region)
{
	munmap(region->base, region->length);
}
