/*
 * One slot that is updated several times while requests in flight use what it held: replaced under
 * each of them, emptied, and filled again.
 *
 * Invariants, in every design:
 *   - a request that has been issued keeps its buffer through any number of updates;
 *   - the tag of each replaced buffer is posted exactly once, after the last request that uses the
 *     buffer;
 *   - an empty slot refuses requests with EFAULT, and works when it is filled again;
 *   - nothing stays pinned.
 *
 * Kernels: 5.13 and later.
 *
 * Tells apart: references per table (a tag waits for requests on what the slot held before:
 * newer_tag=after-older-request) from references per buffer (before-older-request).
 */
#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "slots.h"
#include "tags.h"
#include "trial.h"

#define VERSIONS 3u

static void update_slot(struct ring *ring, const struct iovec *buffer, const uint64_t *tag)
{
	int res = update_buffers(ring, 0, buffer, 1, tag);

	if (res != 1)
		fail_now("one slot updated", text("result %s", result_text(res)));
}

/*
 * Three generations of memory in one slot, a request in flight on each of them; the second one's
 * ends first, and then the slot is nobody's but for the first.
 */
static void same_slot(struct run *run)
{
	struct region versions[VERSIONS];
	struct flight flights[VERSIONS];
	struct landing landings[VERSIONS];
	uint64_t tags[VERSIONS];
	struct iovec nothing = { 0 };
	struct ring ring;
	bool newer_first;
	long pins;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	pins = pins_at_rest();
	for (unsigned i = 0; i < VERSIONS; i++) {
		struct iovec buffer;

		region_map(&versions[i], BUFFER_PAGES, "one generation of a slot's memory");
		buffer = region_iovec(&versions[i]);
		tags[i] = ring_announce_optional(&ring, "the tag of one generation");
		if (i == 0)
			register_or_leave(&ring, &buffer, 1, &tags[i]);
		else
			update_slot(&ring, &buffer, &tags[i]);
		flight_open(&flights[i], &ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flights[i], &versions[i], 0, &run->rng);
		flight_prepare(&flights[i], i % 2 ? IOSQE_ASYNC : 0);
		ring_submit(&ring, 1);
		flights_await_issued(&ring, i + 1);
	}
	update_slot(&ring, &nothing, NULL);
	flight_release(&flights[1]);
	landings[1] = flight_land(&flights[1], &versions[1], NULL, false);
	sleep_ms(TAG_DELAY_MS);
	settle();
	newer_first = tag_came(&ring, tags[1]);
	tag_expect_none(&ring, tags[0], "memory that a request uses");
	tag_expect_none(&ring, tags[2], "memory that a request uses");
	flight_release(&flights[2]);
	landings[2] = flight_land(&flights[2], &versions[2], NULL, false);
	flight_release(&flights[0]);
	landings[0] = flight_land(&flights[0], &versions[0], NULL, false);
	for (unsigned i = 0; i < VERSIONS; i++) {
		if (landings[i].used != USED_OLD)
			fail("a request that was issued to keep its buffer",
			     text("result %d", landings[i].res));
		tag_expect(&ring, tags[i], "replaced memory that nobody uses any more");
	}
	observe("newer_tag", newer_first ? "before-older-request" : "after-older-request");
	unregister_or_fail(&ring);
	finish_ring(&ring, &run->rng);
	pins_check(pins, "after the ring's end");
}

/* The slot becomes empty under a request that uses it, is refused to others, and is filled again. */
static void to_empty_and_back(struct run *run)
{
	struct iovec nothing = { 0 }, buffer;
	struct region old, fresh;
	struct flight flight;
	struct ring ring;
	uint64_t tag;
	long pins;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	region_map(&old, BUFFER_PAGES, "the memory of the request in flight");
	region_map(&fresh, BUFFER_PAGES, "the memory that fills the slot again");
	buffer = region_iovec(&old);
	tag = ring_announce_optional(&ring, "the tag of the memory of the request in flight");
	pins = pins_at_rest();
	register_or_leave(&ring, &buffer, 1, &tag);
	flight_open(&flight, &ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&flight, &old, 0, &run->rng);
	flight_prepare(&flight, 0);
	ring_submit(&ring, 1);
	flights_await_issued(&ring, 1);
	update_slot(&ring, &nothing, NULL);
	slot_expect_not(&ring, 0, &fresh, &run->rng);
	buffer = region_iovec(&fresh);
	update_slot(&ring, &buffer, NULL);
	slot_expect(&ring, 0, &fresh, &run->rng);
	tag_expect_none(&ring, tag, "memory that a request uses");
	flight_release(&flight);
	if (flight_land(&flight, &old, &fresh, false).used != USED_OLD)
		fail("a request that was issued to keep its buffer", "it did not");
	tag_expect(&ring, tag, "replaced memory that nobody uses any more");
	unregister_or_fail(&ring);
	finish_ring(&ring, &run->rng);
	pins_check(pins, "after the ring's end");
}

static const struct point points[] = {
	{ "same-slot", "one slot replaced again and again under requests in flight", 1, same_slot },
	{ "to-empty-and-back", "the slot of a request in flight emptied and filled again", 1,
	  to_empty_and_back },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "slot-in-use",
		.summary = "a slot updated several times under requests in flight",
		.details =
			"Invariants: an issued request keeps its buffer; each replaced buffer's tag comes\n"
			"once, after its last user; an empty slot refuses requests until it is filled.\n"
			"Tells apart: references per table and per buffer.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
