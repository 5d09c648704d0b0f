/*
 * Tables of as many buffers as the kernel allows (1 << 14 since 5.13), full and sparse.
 *
 * Invariants, on every kernel that has such tables:
 *   - each buffer is found under its own index, also the first and the last; none beyond;
 *   - through an empty slot goes no byte; a slot filled later works;
 *   - an index past the table is refused, whatever it wraps around to;
 *   - after unregister no page is pinned; every call returns in bounded time.
 *
 * Kernels: 5.13 and later.
 *
 * Tells no designs apart: all must keep the table's bounds. Measures what a registration costs.
 */
#include <errno.h>

#include "clock.h"
#include "file-io.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/* IORING_MAX_REG_BUFFERS in io_uring/rsrc.c. */
#define MOST_BUFFERS (1u << 14)

static void read_through(struct ring *ring, const struct file *file, unsigned char *at, unsigned slot)
{
	fixed_read_works(ring, file,
			 (struct span){ .at = at, .length = page_size(), .slot = slot, .position = 77 });
}

/* The largest table of buffers, one page each; the pages are shared, their pins are not. */
static void many_buffers(struct run *run)
{
	static struct iovec buffers[MOST_BUFFERS + 1];
	const size_t pages = 64;
	struct region region;
	struct file file;
	struct ring ring;
	long pins;
	int res;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	file_open(&file, 4 * page_size(), "a file's bytes");
	region_map(&region, pages, "memory of very many buffers");
	for (unsigned i = 0; i <= MOST_BUFFERS; i++)
		buffers[i] = (struct iovec){ region.base + i % pages * page_size(), page_size() };
	pins = pins_at_rest();
	res = register_buffers(&ring, buffers, MOST_BUFFERS + 1, NULL);
	observe_number("one_too_many", res);
	pins_check(pins, "after a registration of too many");
	for (unsigned round = 0; round < run->rounds; round++) {
		const unsigned slots[] = { 0, MOST_BUFFERS - 1, (unsigned)rng_below(&run->rng, MOST_BUFFERS) };
		int64_t start = clock_ns();

		register_or_leave(&ring, buffers, MOST_BUFFERS, NULL);
		observe_measure("register_ms", ms_since(start), "ms");
		for (unsigned i = 0; i < 3; i++)
			read_through(&ring, &file, buffers[slots[i]].iov_base, slots[i]);
		fixed_io_refused(&ring, FLIGHT_READ, &file,
				 (struct span){ region.base, page_size(), MOST_BUFFERS, 0 });
		start = clock_ns();
		unregister_or_fail(&ring);
		observe_measure("unregister_ms", ms_since(start), "ms");
		pins_check(pins, "after unregister");
	}
	finish_ring(&ring, &run->rng);
}

static void sparse_table(struct run *run)
{
	static const struct iovec nothing[MOST_BUFFERS];
	const unsigned slots[] = { 0, MOST_BUFFERS - 1, (unsigned)rng_below(&run->rng, MOST_BUFFERS) };
	struct region region;
	struct iovec buffer;
	struct file file;
	struct ring ring;
	int res;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	file_open(&file, 4 * page_size(), "a file's bytes");
	region_map(&region, BUFFER_PAGES, "memory in a sparse table");
	buffer = region_iovec(&region);
	res = register_buffers(&ring, nothing, MOST_BUFFERS, NULL);
	if (res < 0)
		skip_now("the kernel registers no empty slots (before 5.13): %s", result_text(res));
	for (unsigned i = 0; i < 3; i++) {
		const struct span span = { region.base, page_size(), slots[i], 0 };

		fixed_io_refused(&ring, FLIGHT_READ, &file, span);
		if (region_state(&region, 0, region.length, file.pattern) != REGION_UNTOUCHED)
			fail("no byte through an empty slot", region_describe(&region));
		res = update_buffers(&ring, slots[i], &buffer, 1, NULL);
		if (res != 1)
			fail_now("an empty slot filled", text("result %s", result_text(res)));
		read_through(&ring, &file, region.base, slots[i]);
		region_fill(&region);
	}
	observe_number("update_past_the_end", update_buffers(&ring, MOST_BUFFERS, &buffer, 1, NULL));
	observe_number("update_wraps_around", update_buffers(&ring, UINT32_MAX, &buffer, 1, NULL));
	unregister_or_fail(&ring);
	finish_ring(&ring, &run->rng);
}

static const struct point points[] = {
	{ "many-buffers", "the largest table of buffers, and one larger", 1, many_buffers },
	{ "sparse-table", "the largest table of empty slots, some of them filled", 1, sparse_table },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "large-tables",
		.summary = "tables of as many buffers as the kernel allows, full and sparse",
		.details =
			"Invariants: each buffer is found under its own index and none beyond the table;\n"
			"no byte goes through an empty slot; after unregister no page is pinned.\n"
			"Tells no designs apart; measures what a registration costs.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
