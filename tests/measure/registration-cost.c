/*
 * What registering costs: time by the size of one buffer, and by the number of buffers of one page;
 * and the memory that the kernel holds for a table.
 *
 * Invariants, in every design: register and unregister succeed; no page stays pinned.
 *
 * Kernels: 5.11 and later. To be measured with profile `bare`; elsewhere it is a test like others.
 */
#include <stdlib.h>
#include <sys/sysinfo.h>

#include "clock.h"
#include "memory.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "samples.h"

#define BUDGET_MS 300
#define MOST_SAMPLES 100
#define MOST_BUFFERS 1024

static unsigned long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeram / 1024 * info.mem_unit;
}

/* `count` buffers of `pages` pages each, of the same memory. */
static void measure(struct run *run, unsigned count, size_t pages, const char *name)
{
	struct samples registering = { 0 }, unregistering = { 0 };
	struct deadline deadline;
	static struct iovec buffers[MOST_BUFFERS];
	unsigned long before_kib, held_kib = 0;
	long pins = pins_at_rest();
	struct region region;
	struct ring ring;

	fine_ns();
	ring_open(&ring, (struct ring_options){ .entries = 1 });
	region_map(&region, pages, "memory to register");
	for (unsigned i = 0; i < count; i++)
		buffers[i] = region_iovec(&region);
	before_kib = free_kib();
	deadline = deadline_in_ms(BUDGET_MS * run->rounds);
	for (unsigned i = 0; i < MOST_SAMPLES * run->rounds && (i == 0 || !deadline_passed(deadline)); i++) {
		int64_t start = fine_ns(), middle;

		register_or_leave(&ring, buffers, count, NULL);
		middle = fine_ns();
		samples_add(&registering, middle - start);
		if (i == 0 && free_kib() < before_kib)
			held_kib = before_kib - free_kib();
		middle = fine_ns();
		if (unregister_buffers(&ring) != 0)
			fail_now("unregister to succeed", "an error");
		samples_add(&unregistering, fine_ns() - middle);
	}
	ring_close(&ring);
	region_unmap(&region);
	pins_check(pins, "afterwards");
	samples_print(&registering, text("register_%s", name));
	samples_print(&unregistering, text("unregister_%s", name));
	observe_measure(text("held_%s", name), (double)held_kib, "KiB");
}

static void page(struct run *run)
{
	measure(run, 1, 1, "4_kib");
}

static void sixteen_pages(struct run *run)
{
	measure(run, 1, 16, "64_kib");
}

static void mebibyte(struct run *run)
{
	measure(run, 1, 256, "1_mib");
}

static void sixteen_mebibytes(struct run *run)
{
	measure(run, 1, 4096, "16_mib");
}

static void many(struct run *run)
{
	measure(run, 64, 1, "64_buffers");
}

static void very_many(struct run *run)
{
	measure(run, MOST_BUFFERS, 1, "1024_buffers");
}

static const struct point points[] = {
	{ "page", "one buffer of a page", 1, page },
	{ "sixteen-pages", "one buffer of 64 KiB", 1, sixteen_pages },
	{ "mebibyte", "one buffer of 1 MiB", 1, mebibyte },
	{ "sixteen-mebibytes", "one buffer of 16 MiB", 1, sixteen_mebibytes },
	{ "many", "64 buffers of a page", 1, many },
	{ "very-many", "1024 buffers of a page", 1, very_many },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "registration-cost",
		.summary = "what registering and unregistering costs, by size and number of buffers",
		.details =
			"Prints samples of both calls with no request in flight, and the memory that the\n"
			"kernel takes for the table.\n"
			"Invariants: both calls succeed; no page stays pinned.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
