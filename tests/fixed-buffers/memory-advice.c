/*
 * What the application does to the addresses of a buffer after it has registered it: unmaps them,
 * discards, moves, protects or ages the memory, maps something else there.
 *
 * Invariants, on every kernel:
 *   - a registered buffer is the pages that were registered: I/O goes to and comes from those, all
 *     bytes of it, whatever the addresses mean now, also for a request in flight meanwhile;
 *   - what the application has at these addresses instead is not touched;
 *   - where they still mean the same pages, the application sees what was read;
 *   - after unregister no page is pinned.
 *
 * Kernels: 5.11 and later.
 *
 * Tells no designs apart: memory is pinned so that this holds. Catches buffers whose pages are
 * looked up again, and pins that reclaim does not respect.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "pinned-buffer.h"
#include "program.h"
#include "register.h"
#include "trial.h"

static void map_over(struct pinned_buffer *buffer, int flags)
{
	struct region *now = &buffer->now;

	buffer->apart = true;
	if (mmap(now->base, now->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0) !=
	    now->base)
		error_now("mmap: %s", strerror(errno));
	now->pattern = pattern_new("memory mapped over a buffer");
	region_fill(now);
}

static void unmap(struct pinned_buffer *buffer)
{
	munmap(buffer->now.base, buffer->now.length);
	buffer->now.base = NULL;
	buffer->apart = true;
}

static void unmap_and_map(struct pinned_buffer *buffer)
{
	munmap(buffer->now.base, buffer->now.length);
	map_over(buffer, MAP_FIXED_NOREPLACE);
}

static void replace(struct pinned_buffer *buffer)
{
	map_over(buffer, MAP_FIXED);
}

static void discard(struct pinned_buffer *buffer)
{
	if (madvise(buffer->now.base, buffer->now.length, MADV_DONTNEED) < 0)
		error_now("madvise: %s", strerror(errno));
	buffer->now.pattern = pattern_new("memory discarded under a buffer");
	region_fill(&buffer->now);
	buffer->apart = true;
}

static void move_away(struct pinned_buffer *buffer)
{
	struct region moved;

	region_swap_pages(&buffer->now, &moved, "memory at a moved buffer's address");
	region_unmap(&moved);
	buffer->apart = true;
}

static void forbid_writing(struct pinned_buffer *buffer)
{
	mprotect(buffer->now.base, buffer->now.length, PROT_READ);
}

/* Advice that a kernel may not know, or not take: the pages are pinned. */
static void age(struct pinned_buffer *buffer)
{
	madvise(buffer->now.base, buffer->now.length, MADV_COLD);
	madvise(buffer->now.base, buffer->now.length, MADV_PAGEOUT);
}

static void free_lazily(struct pinned_buffer *buffer)
{
	madvise(buffer->now.base, buffer->now.length, MADV_FREE);
	madvise(buffer->now.base, buffer->now.length, MADV_PAGEOUT);
}

static const struct {
	const char *key;
	void (*act)(struct pinned_buffer *buffer);
} acts[] = {
	{ "munmap", unmap },
	{ "munmap and mmap", unmap_and_map },
	{ "mmap with MAP_FIXED", replace },
	{ "MADV_DONTNEED", discard },
	{ "mremap", move_away },
	{ "mprotect to PROT_READ", forbid_writing },
	{ "MADV_PAGEOUT", age },
	{ "MADV_FREE", free_lazily },
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* A request that waits while it is done, and is let go then. */
static void in_flight(struct run *run)
{
	for (unsigned i = 0; i < ACTS * run->rounds; i++) {
		struct pinned_buffer buffer;
		struct flight flight;
		int res;

		pinned_open(&buffer, &run->rng);
		flight_open(&flight, &buffer.ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &buffer.region, 0, &run->rng);
		flight_prepare(&flight, i % 2 ? IOSQE_ASYNC : 0);
		ring_submit(&buffer.ring, 1);
		flights_await_issued(&buffer.ring, 1);
		acts[i % ACTS].act(&buffer);
		flight_release(&flight);
		res = ring_await(&buffer.ring, flight.id).res;
		if (res != (int)flight.length)
			fail(text("a read to move all its bytes after %s", acts[i % ACTS].key),
			     text("result %s", result_text(res)));
		pinned_check(&buffer, (struct span){ .at = flight.at, .length = flight.length }, flight.payload,
			     acts[i % ACTS].key);
		flight_close(&flight);
		pinned_close(&buffer);
	}
}

/* Requests that are made afterwards, to addresses that may mean nothing any more. */
static void afterwards(struct run *run)
{
	for (unsigned i = 0; i < ACTS * run->rounds; i++) {
		struct pinned_buffer buffer;
		struct span span;
		int res;

		pinned_open(&buffer, &run->rng);
		acts[i % ACTS].act(&buffer);
		/* From the file's beginning, so that the payload is the file's pattern. */
		span.length = 1 + rng_below(&run->rng, buffer.region.length);
		span.position = 0;
		span.slot = 0;
		span.at = buffer.region.base + rng_below(&run->rng, buffer.region.length - span.length + 1);
		res = fixed_io(&buffer.ring, FLIGHT_READ, &buffer.source, span);
		if (res != (int)span.length)
			fail(text("a read to move all its bytes after %s", acts[i % ACTS].key),
			     text("result %s", result_text(res)));
		pinned_check(&buffer, span, buffer.source.pattern, acts[i % ACTS].key);
		pinned_close(&buffer);
	}
}

static const struct point points[] = {
	{ "in-flight", "done while a read waits for its pipe", 1, in_flight },
	{ "afterwards", "done before a read is submitted", 1, afterwards },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "memory-advice",
		.summary = "a buffer's addresses unmapped, discarded, moved or protected",
		.details =
			"Invariants: a buffer is the pages that were registered, whatever their addresses\n"
			"mean now; what is there instead is not touched; after unregister no page is pinned.\n"
			"Tells no designs apart: memory is pinned so that this holds.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
