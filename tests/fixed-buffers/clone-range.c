/*
 * Cloning a part of the buffers, and cloning over slots that hold others.
 *
 * Invariants, in every design:
 *   - exactly the slots of the range hold the source's buffers; all others hold what they held;
 *   - a replaced buffer is let go: its tag is posted once, not before the last request that uses it
 *     has completed, its pages are unpinned; a request in flight stays with the replaced memory;
 *   - no tag of a slot that was not replaced is posted, and none of the source's;
 *   - slots between the old end of the table and the range are empty;
 *   - a call that fails changes nothing.
 *
 * Kernels: 6.13 and later.
 *
 * Tells no designs apart. Observes what bad calls give.
 */
#include <errno.h>
#include <string.h>

#include "clone.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "slots.h"
#include "table.h"
#include "trial.h"

#define SLOTS TABLE_SLOTS
#define TAG_MS 3000u

static void clone_range(struct table *to, struct table *from, struct clone_request range)
{
	int res;

	range.src_fd = (unsigned)from->ring.uring.ring_fd;
	range.flags = CLONE_DST_REPLACE;
	res = clone_buffers(&to->ring, &range);
	if (res < 0)
		fail_now(text("to clone %u buffers from %u to %u", range.nr, range.src_off, range.dst_off),
			 text("result %s", result_text(res)));
}

/* The requests of all slots land in the memory that was there; then the replaced buffers' tags come. */
static void land_all(struct table *to, struct flight *flights, const bool *replaced)
{
	for (unsigned i = 0; i < to->count; i++) {
		struct landing landing;

		if (table_has_tag(to, i))
			fail(text("no tag of buffer %u while a request uses it", i), "it was posted");
		flight_release(&flights[i]);
		landing = flight_land(&flights[i], &to->regions[i], NULL, false);
		if (landing.used != USED_OLD)
			fail("a request in flight to stay with its memory", "EFAULT");
		if (replaced[i] && !ring_await_within(&to->ring, to->tags[i], TAG_MS))
			fail(text("the tag of buffer %u, which was replaced", i), "none");
		if (replaced[i] && ring_look(&to->ring, to->tags[i]).order < landing.order)
			fail("the tag after the request that used the buffer", "the tag came first");
		flight_close(&flights[i]);
		region_fill(&to->regions[i]);
	}
}

static void check_slots(struct table *to, struct table *from, struct clone_request range, struct rng *rng)
{
	for (unsigned i = 0; i < to->count; i++) {
		bool in_range = i >= range.dst_off && i < range.dst_off + range.nr;

		if (in_range) {
			slot_expect(&to->ring, i, &from->regions[i - range.dst_off + range.src_off], rng);
			slot_expect_not(&to->ring, i, &to->regions[i], rng);
		} else {
			slot_expect(&to->ring, i, &to->regions[i], rng);
			if (table_has_tag(to, i))
				fail(text("no tag of buffer %u, which was not replaced", i), "it was posted");
		}
	}
}

/* Any range, over slots that requests in flight use. */
static void replace_range(struct run *run)
{
	clone_range_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		struct flight flights[SLOTS];
		bool replaced[SLOTS] = { false };
		struct table to, from;
		struct clone_request range = { .nr = 1 + (unsigned)rng_below(&run->rng, SLOTS) };
		long pins = pins_at_rest();

		range.dst_off = (unsigned)rng_below(&run->rng, SLOTS - range.nr + 1);
		range.src_off = (unsigned)rng_below(&run->rng, SLOTS - range.nr + 1);
		table_open(&to, SLOTS, "a buffer of the destination");
		table_open(&from, SLOTS, "a buffer of the source");
		for (unsigned i = 0; i < SLOTS; i++) {
			flight_open(&flights[i], &to.ring, FLIGHT_READ, FLIGHT_HELD);
			flight_aim(&flights[i], &to.regions[i], i, &run->rng);
			flight_prepare(&flights[i], 0);
			replaced[i] = i >= range.dst_off && i < range.dst_off + range.nr;
		}
		ring_submit(&to.ring, SLOTS);
		flights_await_issued(&to.ring, SLOTS);
		clone_range(&to, &from, range);
		land_all(&to, flights, replaced);
		check_slots(&to, &from, range, &run->rng);
		if (pins >= 0)
			pins_check(pins + (2 * SLOTS - (long)range.nr) * BUFFER_PAGES, "after a clone");
		for (unsigned i = 0; i < SLOTS; i++)
			if (table_has_tag(&from, i))
				fail("no tag of the source's buffers", text("that of buffer %u", i));
		table_close(&to);
		table_close(&from);
		pins_check(pins, "at the end");
	}
}

/* The range lies behind the end of the table: it grows, and the slots in between are empty. */
static void grow(struct run *run)
{
	clone_range_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct clone_request range = { .src_off = 1, .dst_off = 4, .nr = 2 };
		long pins = pins_at_rest();
		struct table to, from;
		struct iovec buffer;

		table_open(&to, 2, "a buffer of the destination");
		table_open(&from, 3, "a buffer of the source");
		clone_range(&to, &from, range);
		check_slots(&to, &from, range, &run->rng);
		for (unsigned slot = 2; slot < 4; slot++)
			slot_expect_not(&to.ring, slot, &from.regions[0], &run->rng);
		for (unsigned slot = 4; slot < 6; slot++)
			slot_expect(&to.ring, slot, &from.regions[slot - 3], &run->rng);
		buffer = region_iovec(&from.regions[0]);
		if (update_buffers(&to.ring, 2, &buffer, 1, NULL) != 1)
			fail("to put a buffer into a slot in between", "an error");
		slot_expect(&to.ring, 2, &from.regions[0], &run->rng);
		table_close(&to);
		table_close(&from);
		pins_check(pins, "at the end");
	}
}

/* A ring clones its own buffers over others of its own. */
static void self(struct run *run)
{
	clone_range_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct clone_request range = { .src_off = 0, .dst_off = 2, .nr = 2 };
		long pins = pins_at_rest();
		struct table table;

		table_open(&table, 4, "a buffer of the one ring");
		clone_range(&table, &table, range);
		check_slots(&table, &table, range, &run->rng);
		for (unsigned i = 2; i < 4; i++)
			if (!ring_await_within(&table.ring, table.tags[i], TAG_MS))
				fail(text("the tag of buffer %u, which was replaced", i), "none");
		pins_check(pins < 0 ? pins : pins + 2 * BUFFER_PAGES, "after a clone");
		table_close(&table);
		pins_check(pins, "at the end");
	}
}

/* Calls that ask for what is not there, or for too much. */
static void bad_calls(struct run *run)
{
	static const struct {
		const char *name;
		struct clone_request request;
	} calls[] = {
		{ "over_full_table", { .nr = 1 } },
		{ "too_many", { .nr = SLOTS, .flags = CLONE_DST_REPLACE } },
		{ "far_too_many", { .nr = UINT32_MAX, .flags = CLONE_DST_REPLACE } },
		{ "source_end", { .nr = 2, .src_off = 2, .flags = CLONE_DST_REPLACE } },
		{ "source_wraps", { .nr = 2, .src_off = UINT32_MAX, .flags = CLONE_DST_REPLACE } },
		{ "table_too_long", { .nr = 1, .dst_off = 1u << 14, .flags = CLONE_DST_REPLACE } },
		{ "destination_wraps", { .nr = 2, .dst_off = UINT32_MAX, .flags = CLONE_DST_REPLACE } },
		{ "offset_without_count", { .dst_off = 1, .flags = CLONE_DST_REPLACE } },
		{ "unknown_flag", { .nr = 1, .flags = 1u << 7 } },
		{ "padding", { .nr = 1, .flags = CLONE_DST_REPLACE, .pad = { 0, 1, 0 } } },
	};
	long pins = pins_at_rest();
	struct table to, from;

	clone_range_or_skip();
	table_open(&to, 3, "a buffer of the destination");
	table_open(&from, 3, "a buffer of the source");
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct clone_request request = calls[i].request;
		int res;

		request.src_fd = (unsigned)from.ring.uring.ring_fd;
		res = clone_buffers(&to.ring, &request);
		if (res >= 0)
			fail(text("the call \"%s\" to fail", calls[i].name), text("result %d", res));
		observe_number(calls[i].name, res);
		check_slots(&to, &from, (struct clone_request){ .nr = 0 }, &run->rng);
	}
	table_close(&to);
	table_close(&from);
	pins_check(pins, "at the end");
}

static const struct point points[] = {
	{ "replace-range", "any range, over buffers that requests in flight use", 3, replace_range },
	{ "grow", "a range behind the end of the table", 1, grow },
	{ "self", "a ring clones its own buffers over others of its own", 1, self },
	{ "bad-calls", "too many, too far, wrong flags", 1, bad_calls },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "clone-range",
		.summary = "buffers cloned in part, and over others",
		.details =
			"Invariants: the slots of the range hold the source's buffers, all others what they\n"
			"held; what is replaced is let go when its last user is done, its tag posted once;\n"
			"a call that fails changes nothing.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
