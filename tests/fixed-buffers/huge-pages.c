/*
 * Buffers in huge pages: from the hugetlb pool, transparent ones, whole, in part, beside small
 * pages, and with the pages of one huge page out of order.
 *
 * The kernel keeps few segments for such a buffer, from 6.5 on one for each folio that it finds
 * contiguous; pages of one folio that do not follow each other must not be taken for that.
 *
 * Invariants, on every kernel:
 *   - a request moves exactly the bytes at the virtual addresses that it names;
 *   - after unregister no page is pinned, however many segments the kernel made;
 *   - a huge page is given back whole: the limit of locked memory allows the same registration
 *     again and again.
 *
 * Kernels: 5.11 and later, as root.
 *
 * Tells no designs apart. Catches physical addresses taken from a folio's first page alone, and
 * pins that are taken by page and released by folio, or the other way around.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "file-io.h"
#include "huge.h"
#include "limited.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

#define FILE_PAGES 16
#define SHUFFLED 12

/* Registers [from, to) of the region and tries its ends, its middle, and spans drawn at random. */
static void try_buffer(struct run *run, const struct region *region, size_t from, size_t to)
{
	struct iovec buffer = { region->base + from, to - from };
	struct file file;
	struct ring ring;
	long pins;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	file_open(&file, FILE_PAGES * page_size(), "a file's bytes");
	pins = pins_at_rest();
	register_or_leave(&ring, &buffer, 1, NULL);
	for (unsigned round = 0; round < run->rounds + 3; round++) {
		size_t most = to - from < file.length ? to - from : file.length;
		struct span span = { .length = 1 + rng_below(&run->rng, most) };
		size_t room = to - from - span.length;

		span.at = region->base + from +
			  (round == 0 ? 0 : round == 1 ? room : rng_below(&run->rng, room + 1));
		span.position = rng_below(&run->rng, file.length - span.length + 1);
		/* Across the end of the first huge page, where there is another one. */
		if (round == 2 && to > HUGE_BYTES && from + span.length / 2 < HUGE_BYTES &&
		    HUGE_BYTES + span.length <= to)
			span.at = region->base + HUGE_BYTES - span.length / 2;
		fixed_io_works(&ring, &file, region, span);
	}
	fixed_io_refused(&ring, FLIGHT_READ, &file, (struct span){ .at = region->base + to, .length = 1 });
	unregister_or_fail(&ring);
	pins_check(pins, "after unregister");
	finish_ring(&ring, &run->rng);
	pins_check(pins, "after the ring's end");
	file_close(&file);
}

static void pool_pages(struct run *run)
{
	struct region region;

	huge_map_pool(&region, 2);
	try_buffer(run, &region, 0, region.length);
	try_buffer(run, &region, 5 * page_size() + 77, region.length - 3 * page_size() - 5);
	huge_unmap(&region);
}

static void transparent(struct run *run)
{
	struct region region;

	huge_map_transparent(&region, 2);
	try_buffer(run, &region, 0, region.length);
	try_buffer(run, &region, HUGE_BYTES - page_size() - 1, HUGE_BYTES + 7 * page_size());
	huge_unmap(&region);
}

/* The middle of a huge page is all that is still mapped of it. */
static void partly_mapped(struct run *run)
{
	struct region region, middle;

	huge_map_transparent(&region, 1);
	middle = region_part(&region, 100, 200, "the middle of a huge page");
	munmap(region.base, (size_t)(middle.base - region.base));
	munmap(middle.base + middle.length, region.length - 300 * page_size());
	try_buffer(run, &middle, 0, middle.length);
	try_buffer(run, &middle, 3, 150 * page_size());
	munmap(middle.base, middle.length);
}

static void replace_by_small_page(unsigned char *at)
{
	if (mmap(at, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
}

/* Small pages before a huge one, behind it, and one in the midst of it. */
static void among_small_pages(struct run *run)
{
	struct region region;

	huge_map_transparent(&region, 3);
	for (unsigned i = 0; i < 4; i++) {
		replace_by_small_page(region.base + HUGE_BYTES - (i + 1) * page_size());
		replace_by_small_page(region.base + 2 * HUGE_BYTES + i * page_size());
	}
	region_fill(&region);
	try_buffer(run, &region, HUGE_BYTES - 4 * page_size(), 2 * HUGE_BYTES + 4 * page_size());
	replace_by_small_page(region.base + HUGE_BYTES + 9 * page_size());
	region_fill(&region);
	try_buffer(run, &region, HUGE_BYTES - 4 * page_size(), 2 * HUGE_BYTES + 4 * page_size());
	huge_unmap(&region);
}

/* Pages of one huge page, one behind the other at addresses that follow each other. */
static void collect_pages(struct region *to, const struct region *from, const unsigned *order, unsigned count)
{
	region_map(to, count, "pages of one huge page in another order");
	for (unsigned i = 0; i < count; i++)
		if (mremap(from->base + order[i] * page_size(), page_size(), page_size(),
			   MREMAP_MAYMOVE | MREMAP_FIXED, to->base + i * page_size()) == MAP_FAILED)
			error_now("mremap: %s", strerror(errno));
	region_fill(to);
}

static void out_of_order(struct run *run)
{
	/* Backwards; with one left out; the first page last; every second one. */
	static const unsigned orders[][SHUFFLED] = {
		{ 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 },
		{ 20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32 },
		{ 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 40 },
		{ 60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 82 },
	};

	const unsigned fixed = sizeof(orders) / sizeof(orders[0]);

	for (unsigned i = 0; i <= fixed; i++) {
		struct region region, other;
		unsigned drawn[SHUFFLED];

		huge_map_transparent(&region, 1);
		rng_shuffle(&run->rng, drawn, SHUFFLED);
		collect_pages(&other, &region, i < fixed ? orders[i] : drawn, SHUFFLED);
		try_buffer(run, &other, 0, other.length);
		try_buffer(run, &other, page_size() - 1, other.length - page_size());
		region_unmap(&other);
		huge_unmap(&region);
	}
}

/* Two buffers in one huge page, under a limit that allows one huge page and not two. */
static void memory_limit(struct run *run)
{
	const size_t pages = HUGE_BYTES / page_size();
	struct region region;
	struct iovec buffers[2];
	struct agreed counted = { 0 };
	struct ring ring;
	long pins;

	huge_map_pool(&region, 1);
	buffers[0] = (struct iovec){ region.base, 3 * page_size() };
	buffers[1] = (struct iovec){ region.base + 10 * page_size(), region.length - 10 * page_size() };
	ring_open_limited(&ring, (struct ring_options){ .entries = 8 });
	limit_locked_memory(pages + pages / 2);
	pins = pins_at_rest();
	for (unsigned round = 0; round < run->rounds; round++) {
		int alone = register_buffers(&ring, buffers, 1, NULL);
		int both;

		if (alone < 0 && round == 0)
			skip_now("this user's locked memory is used up by others");
		if (alone < 0)
			fail_now("the limit to allow one huge page again",
				 text("result %s", result_text(alone)));
		unregister_or_fail(&ring);
		both = register_buffers(&ring, buffers, 2, NULL);
		agreed_add(&counted, both == 0 ? "once" : text("%d", both));
		if (both == 0)
			unregister_or_fail(&ring);
		pins_check(pins, "after unregister");
	}
	observe_agreed("page_of_two_buffers_counted", &counted);
	limit_locked_memory(4 * pages);
	finish_ring(&ring, &run->rng);
	huge_unmap(&region);
}

static const struct point points[] = {
	{ "pool-pages", "two huge pages of the pool, whole and in part", 3, pool_pages },
	{ "transparent", "two transparent huge pages, whole and in part", 3, transparent },
	{ "partly-mapped", "the middle of a huge page, the rest of which is unmapped", 3, partly_mapped },
	{ "among-small-pages", "small pages before, behind and inside of a huge one", 3, among_small_pages },
	{ "out-of-order", "pages of one huge page that do not follow each other", 1, out_of_order },
	{ "memory-limit", "two buffers in one huge page under RLIMIT_MEMLOCK", 4, memory_limit },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "huge-pages",
		.summary = "buffers in huge pages, whole, in part and out of order",
		.details =
			"Invariants: a request moves exactly the bytes at the addresses that it names; after\n"
			"unregister no page is pinned, and none counts as locked.\n"
			"Tells no designs apart; catches folios taken for contiguous that are not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
