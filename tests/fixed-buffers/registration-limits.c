/*
 * Registrations past the limits of what the kernel accepts: a bad entry among good ones, more than
 * the limit of locked memory, calls out of order.
 *
 * Invariants, on every kernel:
 *   - a registration that fails leaves nothing behind: no page pinned, none counted as locked, no
 *     tag posted, no byte changed, and the next registration works;
 *   - a call out of order fails and changes nothing: what was registered still works;
 *   - after unregister the limit of locked memory is whole again, and no page is pinned.
 *
 * Kernels: 5.11 and later; points with tags 5.13. That a bad entry is refused is
 * promised, with which errno is not: the longest buffer is 1 GiB up to 6.13 and longer since.
 *
 * Tells no designs apart: all of them must give back what they took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "file-io.h"
#include "limited.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"

#define ENTRIES 4
/* Pages; a user who has more locked by other means is left alone. */
#define MOST_LOCKED 256

struct bad_entry {
	const char *key;
	struct iovec entry;
};

/* `bad` in the place of entry k, among good ones that are all tagged. */
static void register_with_bad_entry(struct run *run, const struct bad_entry *bad, unsigned k,
				    struct agreed *result)
{
	struct region regions[ENTRIES];
	struct iovec buffers[ENTRIES];
	uint64_t tags[ENTRIES];
	struct ring ring;
	long pins;
	int res;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < ENTRIES; i++) {
		region_map(&regions[i], BUFFER_PAGES, "memory of a good entry");
		buffers[i] = region_iovec(&regions[i]);
		tags[i] = ring_announce_optional(&ring, "a tag of a registration that works");
	}
	pins = pins_at_rest();
	/* Without any bad entry; also where the kernel may say that it has no tags. */
	register_or_leave(&ring, buffers, ENTRIES, tags);
	unregister_or_fail(&ring);
	buffers[k] = bad->entry;
	for (unsigned i = 0; i < ENTRIES; i++)
		tags[i] = ring_announce_optional(&ring, "a tag of a registration that failed");
	res = register_buffers(&ring, buffers, ENTRIES, tags);
	agreed_add(result, text("%d", res));
	if (res >= 0)
		fail_now(text("a registration with %s to fail", bad->key), text("result %d", res));
	pins_check(pins, "after a registration that failed");
	if (unregister_buffers(&ring) != -ENXIO)
		fail("nothing to unregister after a registration that failed", "no ENXIO");
	settle();
	ring_reap(&ring);
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (ring_look(&ring, tags[i]).order)
			fail("no tag of a registration that failed", text("that of entry %u", i));
		if (pattern_mismatch(regions[i].base, regions[i].pattern, 0, regions[i].length) >= 0)
			fail("no byte changed by a registration", region_describe(&regions[i]));
	}
	finish_ring(&ring, &run->rng);
	for (unsigned i = 0; i < ENTRIES; i++)
		region_unmap(&regions[i]);
}

static void bad_entry(struct run *run)
{
	/* The guard page behind: a buffer of which only the first page can be pinned. */
	struct region half;

	region_map(&half, 1, "memory before a guard page");
	const struct bad_entry bad[] = {
		{ "no_memory", { half.base - page_size(), page_size() } },
		{ "half_memory", { half.base, 2 * page_size() } },
		{ "no_length", { half.base, 0 } },
		{ "no_address", { NULL, page_size() } },
		{ "too_long", { half.base, (size_t)1 << 41 } },
		{ "wraps_around", { (void *)-page_size(), 2 * page_size() } },
		{ "kernel_address", { (void *)(UINTPTR_MAX << 47), page_size() } },
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct agreed result = { 0 };

		for (unsigned round = 0; round < run->rounds; round++) {
			static const unsigned places[] = { 0, ENTRIES - 1, ENTRIES / 2 };

			register_with_bad_entry(run, &bad[i], places[round % 3], &result);
		}
		observe_agreed(bad[i].key, &result);
	}
}

static void tag_of_nothing(struct run *run)
{
	const struct bad_entry nothing = { "tagged empty slot", { NULL, 0 } };
	struct agreed result = { 0 };

	register_with_bad_entry(run, &nothing, ENTRIES / 2, &result);
	observe_agreed("tagged_empty_slot", &result);
}

/*
 * Sets the least limit under which these can be registered: what they take, and what their user has
 * locked besides (from 6.14 on, the rings themselves count).
 */
static void find_limit(struct ring *ring, const struct iovec *buffers, unsigned count)
{
	for (size_t pages = count * BUFFER_PAGES; pages < MOST_LOCKED; pages++) {
		limit_locked_memory(pages);
		if (register_buffers(ring, buffers, count, NULL) < 0)
			continue;
		unregister_or_fail(ring);
		return;
	}
	skip_now("this user's locked memory is used up by others");
}

/* Four buffers of which the limit allows three: the fourth entry fails, and then the three do not. */
static void memory_limit(struct run *run)
{
	const unsigned allowed = 3;
	struct region regions[4];
	struct iovec buffers[4];
	struct ring ring;
	long pins;

	for (unsigned i = 0; i < 4; i++) {
		region_map(&regions[i], BUFFER_PAGES, "memory that counts as locked");
		buffers[i] = region_iovec(&regions[i]);
	}
	ring_open_limited(&ring, (struct ring_options){ .entries = 8 });
	find_limit(&ring, buffers, allowed);
	pins = pins_at_rest();
	for (unsigned round = 0; round < run->rounds; round++) {
		int res = register_buffers(&ring, buffers, 4, NULL);

		if (res != -ENOMEM)
			fail_now("ENOMEM past the limit of locked memory", text("result %s", result_text(res)));
		pins_check(pins, "after a registration past the limit");
		res = register_buffers(&ring, buffers, allowed, NULL);
		if (res < 0)
			fail_now(text("to register up to the limit, %u times before", round),
				 text("result %s", result_text(res)));
		unregister_or_fail(&ring);
		pins_check(pins, "after unregister");
	}
	finish_ring(&ring, &run->rng);
}

static void read_through(struct ring *ring, const struct file *file, unsigned char *at, unsigned slot)
{
	fixed_read_works(ring, file,
			 (struct span){ .at = at, .length = page_size(), .slot = slot, .position = 77 });
}

/* Each of these must fail and change nothing. */
static void out_of_order(struct run *run)
{
	struct iovec buffer, other_buffer;
	struct region region, other;
	struct file file;
	struct ring ring;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	file_open(&file, 4 * page_size(), "a file's bytes");
	region_map(&region, BUFFER_PAGES, "registered memory");
	region_map(&other, BUFFER_PAGES, "memory that is refused");
	buffer = region_iovec(&region);
	other_buffer = region_iovec(&other);
	observe_number("unregister_nothing", unregister_buffers(&ring));
	observe_number("update_nothing", update_buffers(&ring, 0, &buffer, 1, NULL));
	observe_number("register_none", register_buffers(&ring, &buffer, 0, NULL));
	register_or_leave(&ring, &buffer, 1, NULL);
	for (unsigned round = 0; round < run->rounds; round++) {
		if (register_buffers(&ring, &other_buffer, 1, NULL) != -EBUSY)
			fail("EBUSY for a second registration", "something else");
		fixed_io_refused(&ring, FLIGHT_READ, &file, (struct span){ other.base, 100, 0, 0 });
		read_through(&ring, &file, region.base, 0);
	}
	if (unregister_buffers(&ring) != 0 || unregister_buffers(&ring) != -ENXIO)
		fail("unregister to work once, and then to give ENXIO", "something else");
	fixed_io_refused(&ring, FLIGHT_READ, &file, (struct span){ region.base, 100, 0, 0 });
	finish_ring(&ring, &run->rng);
}

static const struct point points[] = {
	{ "bad-entry", "a bad entry as the first, a middle and the last of several", 3, bad_entry },
	{ "tag-of-nothing", "an empty slot with a tag, among good entries", 1, tag_of_nothing },
	{ "memory-limit", "past RLIMIT_MEMLOCK, then up to it, again and again", 4, memory_limit },
	{ "out-of-order", "register twice, unregister twice, update nothing", 2, out_of_order },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "registration-limits",
		.summary = "registrations that the kernel must refuse, and what they leave behind",
		.details =
			"Invariants: a registration that fails leaves no pin, no locked memory and no tag\n"
			"behind, and the next one works; a call out of order changes nothing; unregister\n"
			"gives everything back.\n"
			"Tells no designs apart: all of them must give back what they took.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
