/*
 * What an update does to the slots that it names, to those that it does not name, and to their
 * tags: with a bad entry in its middle, and of all slots at once.
 *
 * Invariants, in every design:
 *   - update returns how many slots it has replaced: those hold the new memory, all others what
 *     they held, the one with the bad entry included;
 *   - the tag of each replaced buffer is posted exactly once; no tag of a buffer that is still
 *     registered, or never was;
 *   - nothing stays pinned.
 *
 * Kernels: 5.13 and later.
 *
 * Tells no designs apart: how much an update has done is part of the interface.
 */
#include <errno.h>

#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "slots.h"
#include "tags.h"
#include "trial.h"

#define SLOTS 5u
#define MANY 96u

struct slots {
	struct ring ring;
	struct region old[MANY];
	uint64_t old_tags[MANY];
	unsigned count;
	long pins;
};

static void slots_open(struct slots *slots, unsigned count)
{
	struct iovec buffers[MANY];

	slots->count = count;
	ring_open(&slots->ring, (struct ring_options){ .entries = 128 });
	for (unsigned i = 0; i < count; i++) {
		region_map(&slots->old[i], 1, "the old memory of a slot");
		buffers[i] = region_iovec(&slots->old[i]);
		slots->old_tags[i] = ring_announce_optional(&slots->ring, "the tag of a slot's old memory");
	}
	slots->pins = pins_at_rest();
	register_or_leave(&slots->ring, buffers, count, slots->old_tags);
}

static void slots_close(struct slots *slots, struct rng *rng)
{
	unregister_or_fail(&slots->ring);
	finish_ring(&slots->ring, rng);
	pins_check(slots->pins, "after the ring's end");
	for (unsigned i = 0; i < slots->count; i++)
		region_unmap(&slots->old[i]);
}

/* Three slots from the second one on are to be replaced, and the second entry is bad. */
struct bad_update {
	struct slots slots;
	struct iovec bad;
	struct region fresh[3];
	uint64_t tags[3];
};

static void update_with_bad_entry(struct bad_update *update, struct rng *rng)
{
	struct slots *slots = &update->slots;
	struct iovec buffers[3];
	int res;

	for (unsigned i = 0; i < 3; i++) {
		region_map(&update->fresh[i], 1, "the new memory of a slot");
		buffers[i] = region_iovec(&update->fresh[i]);
		update->tags[i] = ring_announce_optional(&slots->ring, "the tag of a slot's new memory");
	}
	buffers[1] = update->bad;
	res = update_buffers(&slots->ring, 1, buffers, 3, update->tags);
	if (res != 1)
		fail_now("the one slot before the bad entry updated", text("result %s", result_text(res)));
	slot_expect(&slots->ring, 1, &update->fresh[0], rng);
	slot_expect_not(&slots->ring, 1, &slots->old[1], rng);
	slot_expect_not(&slots->ring, 3, &update->fresh[2], rng);
	/* Where the bad entry is the first, nothing is done at all. */
	res = update_buffers(&slots->ring, 2, &update->bad, 1, &update->tags[1]);
	if (res >= 0)
		fail("an error for an update that begins with a bad entry", text("result %d", res));
	for (unsigned i = 0; i < SLOTS; i++)
		if (i != 1)
			slot_expect(&slots->ring, i, &slots->old[i], rng);
	observe_number(update->bad.iov_base ? "no_memory" : "tag_of_nothing", res);
}

static void check_tags(struct bad_update *update)
{
	struct slots *slots = &update->slots;

	tag_expect(&slots->ring, slots->old_tags[1], "the slot that was replaced");
	settle();
	for (unsigned i = 0; i < SLOTS; i++)
		if (i != 1)
			tag_expect_none(&slots->ring, slots->old_tags[i], "a slot that was not replaced");
	for (unsigned i = 0; i < 3; i++)
		tag_expect_none(&slots->ring, update->tags[i], "new memory, which nobody has replaced");
}

static void bad_entry(struct run *run)
{
	struct bad_update updates[2];
	struct region guarded;

	region_map(&guarded, 1, "memory before a guard page");
	updates[0].bad = (struct iovec){ guarded.base + page_size(), page_size() };
	updates[1].bad = (struct iovec){ 0 };
	/* Both before either is looked at again: a tag may take a second. */
	for (unsigned i = 0; i < 2; i++) {
		slots_open(&updates[i].slots, SLOTS);
		update_with_bad_entry(&updates[i], &run->rng);
	}
	for (unsigned i = 0; i < 2; i++)
		check_tags(&updates[i]);
	/* The second first: what is pinned is counted for the whole machine. */
	slots_close(&updates[1].slots, &run->rng);
	slots_close(&updates[0].slots, &run->rng);
}

/* All slots in one call, and then again: each tag once, whoever comes first. */
static void all_slots(struct run *run)
{
	struct region fresh;
	struct iovec buffers[MANY];
	uint64_t tags[MANY];
	struct slots slots;

	slots_open(&slots, MANY);
	region_map(&fresh, MANY, "new memory of all slots");
	for (unsigned round = 0; round < run->rounds; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			buffers[i] = (struct iovec){ fresh.base + i * page_size(), page_size() };
			tags[i] = ring_announce_optional(&slots.ring, "the tag of a slot's new memory");
		}
		if (update_buffers(&slots.ring, 0, buffers, MANY, tags) != (int)MANY)
			fail_now(text("all %u slots updated", MANY), "fewer");
		for (unsigned i = 0; i < MANY; i++)
			tag_expect(&slots.ring, slots.old_tags[i], "a slot that was replaced");
		for (unsigned i = 0; i < MANY; i++)
			tag_expect_none(&slots.ring, tags[i], "new memory, which nobody has replaced");
		for (unsigned i = 0; i < MANY; i++)
			slots.old_tags[i] = tags[i];
	}
	for (unsigned i = 0; i < 4; i++) {
		unsigned slot = (unsigned)rng_below(&run->rng, MANY);
		struct region part = region_part(&fresh, slot, 1, "one slot's page");

		slot_expect(&slots.ring, slot, &part, &run->rng);
	}
	slots_close(&slots, &run->rng);
	region_unmap(&fresh);
}

static const struct point points[] = {
	{ "bad-entry", "three slots, of which the second one's entry is bad", 1, bad_entry },
	{ "all-slots", "96 slots in one call", 1, all_slots },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "slot-updates",
		.summary = "updates of several slots, with bad entries and of all at once",
		.details =
			"Invariants: update tells how many slots it replaced, and the others are as before;\n"
			"each replaced buffer's tag comes once; no other tag comes; nothing stays pinned.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
