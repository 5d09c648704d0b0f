/*
 * Memory in huge pages, as regions. Where none can be had, the point is skipped with the reason.
 */
#ifndef RINGTRIAL_HUGE_H
#define RINGTRIAL_HUGE_H

#include "memory.h"

/* Of one huge page: 2 MiB, x86-64's and many others'. */
#define HUGE_BYTES ((size_t)1 << 21)

/* From the hugetlb pool, which is enlarged when it is empty (that takes root). */
void huge_map_pool(struct region *region, size_t huge_pages);
/* Transparent huge pages: madvise(MADV_HUGEPAGE), and a look whether the kernel gave them. */
void huge_map_transparent(struct region *region, size_t huge_pages);
void huge_unmap(struct region *region);

#endif
