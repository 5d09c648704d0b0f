/*
 * Addresses and lengths at the ends of a registered buffer, at the ends of its pages, and past
 * them. The buffer begins and ends in the middle of a page, so that its first and last segments
 * are short; what lies around it is the application's, mapped, but not registered.
 *
 * Invariants, on every kernel:
 *   - a request inside of its buffer moves exactly the bytes that it names, wherever in the buffer
 *     it begins and ends;
 *   - a request that reaches beyond its buffer by as much as one byte fails with EFAULT and moves
 *     none, though the memory there is the application's;
 *   - overlapping buffers keep their own ends.
 *
 * Kernels: 5.11 and later; direct-io needs loop devices.
 *
 * Tells no designs apart: whoever selects the buffer, at whatever time, must check its ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "loop.h"
#include "program.h"
#include "register.h"
#include "trial.h"

#define PAGES 5
/* Of unregistered memory before and behind the buffer: odd numbers, multiples of nothing. */
#define BEFORE 1237u
#define BEHIND 777u

struct edges {
	struct ring ring;
	struct region region;
	struct iovec buffer;
	struct file file;
	struct rng *rng;
};

static void edges_open(struct edges *edges, struct rng *rng)
{
	edges->rng = rng;
	ring_open(&edges->ring, (struct ring_options){ .entries = 8 });
	region_map(&edges->region, PAGES, "memory in and around a buffer");
	edges->buffer = (struct iovec){ edges->region.base + BEFORE,
					edges->region.length - BEFORE - BEHIND };
	file_open(&edges->file, 2 * edges->region.length, "a file's bytes");
	register_or_leave(&edges->ring, &edges->buffer, 1, NULL);
}

static void edges_close(struct edges *edges)
{
	unregister_or_fail(&edges->ring);
	finish_ring(&edges->ring, edges->rng);
	file_close(&edges->file);
	region_unmap(&edges->region);
}

/* A read and a write of [from, to) of the region, each checked byte for byte. */
static void try_inside(struct edges *edges, size_t from, size_t to)
{
	const struct span span = {
		.at = edges->region.base + from,
		.length = to - from,
		.position = rng_below(edges->rng, edges->file.length - (to - from)),
	};

	fixed_io_works(&edges->ring, &edges->file, &edges->region, span);
}

/* A read and a write that must be refused; `at` may be any number. */
static void try_outside(struct edges *edges, uintptr_t at, size_t length)
{
	const struct span span = { .at = (unsigned char *)at, .length = length };

	fixed_io_refused(&edges->ring, FLIGHT_READ, &edges->file, span);
	fixed_io_refused(&edges->ring, FLIGHT_WRITE, &edges->file, span);
	if (pattern_mismatch(edges->region.base, edges->region.pattern, 0, edges->region.length) >= 0) {
		fail(text("no byte moved by a read of %zu bytes at 0x%zx", length, at),
		     region_describe(&edges->region));
		region_fill(&edges->region);
	}
}

/* Every pair of places that are an end of the buffer or of a page, or one byte beside it. */
static void inside(struct run *run)
{
	size_t places[3 * PAGES + 3];
	struct edges edges;
	unsigned count = 0;

	edges_open(&edges, &run->rng);
	places[count++] = BEFORE;
	places[count++] = BEFORE + 1;
	for (size_t page = page_size(); page < edges.region.length; page += page_size())
		for (int beside = -1; beside <= 1; beside++)
			places[count++] = page + (size_t)beside;
	places[count++] = edges.region.length - BEHIND - 1;
	places[count++] = edges.region.length - BEHIND;
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = i + 1; j < count; j++)
			try_inside(&edges, places[i], places[j]);
	for (unsigned round = 0; round < run->rounds; round++) {
		size_t length = 1 + rng_below(&run->rng, edges.buffer.iov_len);
		size_t from = BEFORE + rng_below(&run->rng, edges.buffer.iov_len - length + 1);

		try_inside(&edges, from, from + length);
	}
	edges_close(&edges);
}

static void outside(struct run *run)
{
	struct edges edges;
	uintptr_t start, end;
	size_t length;

	edges_open(&edges, &run->rng);
	start = (uintptr_t)edges.buffer.iov_base;
	length = edges.buffer.iov_len;
	end = start + length;
	try_outside(&edges, start - 1, 1);
	try_outside(&edges, start - 1, 2);
	try_outside(&edges, start - 1, length);
	try_outside(&edges, start - 1, length + 1);
	try_outside(&edges, start, length + 1);
	try_outside(&edges, end - 1, 2);
	try_outside(&edges, end, 1);
	try_outside(&edges, end + 1, 1);
	try_outside(&edges, (uintptr_t)edges.region.base, edges.region.length);
	try_outside(&edges, start, 0x7fffffff);
	try_outside(&edges, start, 0xffffffff);
	try_outside(&edges, 0, 1);
	try_outside(&edges, start + ((uintptr_t)1 << 32), 1);
	/* Ends that wrap around to an address inside of the buffer, or to zero. */
	try_outside(&edges, UINTPTR_MAX, 1);
	try_outside(&edges, UINTPTR_MAX, 2);
	try_outside(&edges, UINTPTR_MAX - 0xfff, 0x1000);
	try_outside(&edges, start - 0xffffffff, 0xffffffff);
	edges_close(&edges);
}

static void zero_length(struct run *run)
{
	struct edges edges;
	unsigned char *start;

	edges_open(&edges, &run->rng);
	start = edges.buffer.iov_base;
	observe_number("at_the_start",
		       fixed_io(&edges.ring, FLIGHT_READ, &edges.file, (struct span){ .at = start }));
	observe_number("at_the_end", fixed_io(&edges.ring, FLIGHT_READ, &edges.file,
					      (struct span){ .at = start + edges.buffer.iov_len }));
	try_outside(&edges, (uintptr_t)start - 1, 0);
	try_outside(&edges, (uintptr_t)start + edges.buffer.iov_len + 1, 0);
	edges_close(&edges);
}

/* Two buffers that share a page: a request may go as far as its own buffer goes. */
static void overlap(struct run *run)
{
	struct iovec buffers[2];
	struct edges edges;

	edges_open(&edges, &run->rng);
	unregister_or_fail(&edges.ring);
	buffers[0] = (struct iovec){ edges.region.base + BEFORE, 2 * page_size() };
	buffers[1] = (struct iovec){ edges.region.base + BEFORE + page_size(), 2 * page_size() };
	register_or_leave(&edges.ring, buffers, 2, NULL);
	for (unsigned slot = 0; slot < 2; slot++) {
		const struct iovec *own = &buffers[slot];

		fixed_read_works(&edges.ring, &edges.file,
				 (struct span){ own->iov_base, own->iov_len, slot, 99 });
		fixed_io_refused(&edges.ring, FLIGHT_READ, &edges.file,
				 (struct span){ own->iov_base, own->iov_len + 1, slot, 0 });
		fixed_io_refused(&edges.ring, FLIGHT_READ, &edges.file,
				 (struct span){ buffers[!slot].iov_base, own->iov_len, slot, 0 });
	}
	edges_close(&edges);
}

/* The same past the page cache: the block layer gets the buffer's segments, and skips into them. */
static void direct_io(struct run *run)
{
	struct region region;
	struct iovec buffer;
	struct loop loop;
	struct ring ring;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	region_map(&region, PAGES, "memory in and around a buffer");
	loop_open(&loop, 64 * SECTOR, O_DIRECT, "a disk's bytes");
	buffer = (struct iovec){ region.base + SECTOR, region.length - 2 * SECTOR };
	register_or_leave(&ring, &buffer, 1, NULL);
	for (unsigned round = 0; round < run->rounds; round++) {
		size_t sectors = 1 + rng_below(&run->rng, buffer.iov_len / SECTOR);
		size_t from = 1 + rng_below(&run->rng, buffer.iov_len / SECTOR - sectors + 1);
		const struct span span = {
			.at = region.base + from * SECTOR,
			.length = sectors * SECTOR,
			.position = SECTOR * rng_below(&run->rng, 64 - sectors + 1),
		};

		fixed_io_works(&ring, &loop.file, &region, span);
	}
	fixed_io_refused(&ring, FLIGHT_READ, &loop.file, (struct span){ region.base, SECTOR, 0, 0 });
	unregister_or_fail(&ring);
	finish_ring(&ring, &run->rng);
	loop_close(&loop);
}

static const struct point points[] = {
	{ "inside", "from any end of a page or of the buffer to any other", 60, inside },
	{ "outside", "one byte before, one byte behind, and far away", 1, outside },
	{ "zero-length", "no byte at all, at both ends and beside them", 1, zero_length },
	{ "overlap", "two buffers that share memory keep their own ends", 1, overlap },
	{ "direct-io", "sectors of a block device, into every segment of the buffer", 40, direct_io },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "buffer-edges",
		.summary = "requests at the ends of a buffer and of its pages, and past them",
		.details =
			"Invariants: inside of its buffer a request moves exactly the bytes that it names;\n"
			"one byte beyond it, and it fails with EFAULT and moves none.\n"
			"Tells no designs apart: all must check a buffer's ends.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
