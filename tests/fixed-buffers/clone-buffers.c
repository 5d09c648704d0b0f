/*
 * Two rings share registered buffers (IORING_REGISTER_CLONE_BUFFERS), and one of them lets go first:
 * it unregisters and is closed while requests of the other one, in the same memory, are in flight.
 *
 * Invariants, in every design:
 *   - requests of the ring that stays move all their bytes, from and to the shared memory, those in
 *     flight as well as those submitted later;
 *   - the memory stays pinned while either ring has it registered, and not after the last one has
 *     unregistered (or was closed);
 *   - what one ring does to its table changes nothing in the other's;
 *   - a ring of another process cannot take the buffers over;
 *   - every call returns in bounded time, and the rings stay usable.
 *
 * Kernels: 6.12 and later.
 *
 * Tells apart: unregister that waits for the requests of the *other* ring (waited=yes) from one that
 * leaves them what they use.
 */
#include <stdio.h>
#include <unistd.h>

#include "call.h"
#include "child.h"
#include "clone.h"
#include "program.h"
#include "register.h"
#include "sharing.h"
#include "slots.h"
#include "trial.h"

#define BUFFERS SHARED_BUFFERS

static void launch(struct flight *flights, struct ring *ring, struct sharing *sharing, struct rng *rng)
{
	for (unsigned i = 0; i < BUFFERS; i++) {
		flight_open(&flights[i], ring, i % 2 ? FLIGHT_WRITE : FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flights[i], &sharing->regions[i], i, rng);
		flight_prepare(&flights[i], rng_chance(rng, 2) ? IOSQE_ASYNC : 0);
	}
	ring_submit(ring, BUFFERS);
	flights_await_issued(ring, BUFFERS);
}

static void land(struct flight *flights, struct sharing *sharing)
{
	for (unsigned i = 0; i < BUFFERS; i++) {
		struct region *region = &sharing->regions[i];

		flight_release(&flights[i]);
		if (flight_land(&flights[i], region, NULL, false).used != USED_OLD)
			fail("a request of the ring that stays to move its bytes", "EFAULT");
		region_fill(region);
		flight_close(&flights[i]);
	}
}

/* `leaver` lets go while four requests of `stayer` are in flight. */
static void let_go_first(struct sharing *sharing, struct ring *leaver, struct ring *stayer,
			 struct run *run, struct agreed *waited)
{
	struct flight flights[BUFFERS];
	struct call call;
	bool returned;
	long res;

	launch(flights, stayer, sharing, &run->rng);
	call_init(&call, "unregister, while the other ring's requests are in flight", unregister_ring,
		  leaver);
	call_start(&call);
	returned = call_returns_or_waits(&call);
	agreed_add(waited, returned ? "no" : "yes");
	sharing_expect_pinned(sharing, "while one ring still has them");
	if (returned)
		ring_close(leaver);
	land(flights, sharing);
	res = call_end(&call);
	if (res != 0)
		fail("unregister to succeed", text("result %s", result_text(res)));
	if (!returned)
		ring_close(leaver);
	for (unsigned i = 0; i < BUFFERS; i++)
		slot_expect(stayer, i, &sharing->regions[i], &run->rng);
	if (unregister_buffers(stayer) != 0)
		fail("the ring that stayed to unregister", "an error");
	sharing_expect_unpinned(sharing);
	check_usable(stayer, &run->rng);
	ring_check(stayer);
	ring_close(stayer);
}

static void one_first(struct run *run, bool source_first)
{
	struct agreed waited = { 0 };

	clone_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		struct sharing sharing;

		sharing_begin(&sharing, round % 2);
		if (source_first)
			let_go_first(&sharing, &sharing.source, &sharing.clone, run, &waited);
		else
			let_go_first(&sharing, &sharing.clone, &sharing.source, run, &waited);
		sharing_end(&sharing);
	}
	observe_agreed("waited", &waited);
}

static void source_first(struct run *run)
{
	one_first(run, true);
}

static void clone_first(struct run *run)
{
	one_first(run, false);
}

/* Both are closed without a word, in either order, the second one with requests in flight. */
static void both_closed(struct run *run)
{
	clone_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		struct flight flights[BUFFERS];
		struct sharing sharing;
		bool source_first = rng_chance(&run->rng, 2);

		sharing_begin(&sharing, false);
		launch(flights, source_first ? &sharing.clone : &sharing.source, &sharing, &run->rng);
		ring_close(source_first ? &sharing.source : &sharing.clone);
		sharing_expect_pinned(&sharing, "while one ring is open");
		ring_close(source_first ? &sharing.clone : &sharing.source);
		sharing_expect_unpinned(&sharing);
		for (unsigned i = 0; i < BUFFERS; i++)
			flight_close(&flights[i]);
		sharing_end(&sharing);
	}
}

/* One table's slots change; the other ring's stay as they are. */
static void tables_apart(struct run *run)
{
	clone_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct iovec nothing = { 0 };
		unsigned slot = (unsigned)rng_below(&run->rng, BUFFERS);
		bool source_changes = rng_chance(&run->rng, 2);
		struct ring *changer, *other;
		struct sharing sharing;

		sharing_begin(&sharing, false);
		changer = source_changes ? &sharing.source : &sharing.clone;
		other = source_changes ? &sharing.clone : &sharing.source;
		if (update_buffers(changer, slot, &nothing, 1, NULL) != 1)
			fail_now("to empty a slot", "an error");
		for (unsigned i = 0; i < BUFFERS; i++) {
			slot_expect(other, i, &sharing.regions[i], &run->rng);
			if (i != slot)
				slot_expect(changer, i, &sharing.regions[i], &run->rng);
		}
		slot_expect_not(changer, slot, &sharing.regions[slot], &run->rng);
		sharing_expect_pinned(&sharing, "while one ring has them all");
		ring_check(changer);
		ring_check(other);
		ring_close(changer);
		ring_close(other);
		sharing_expect_unpinned(&sharing);
		sharing_end(&sharing);
	}
}

/* The memory is accounted to the process that registered it. */
static void other_process(struct run *run)
{
	struct sharing sharing;
	struct child child;

	(void)run;
	clone_or_skip();
	sharing_begin(&sharing, false);
	if (child_start(&child) == CHILD_SELF) {
		struct ring own;
		int res;

		ring_open(&own, (struct ring_options){ .entries = 1 });
		res = clone_all(&own, &sharing.source);
		if (res >= 0)
			fail("a ring of another process not to get the buffers", "it has cloned them");
		observe_number("result", res);
		fflush(stdout);
		_exit(CHILD_DONE);
	}
	child_expect_end(&child, CHILD_DONE << 8);
	ring_close(&sharing.source);
	ring_close(&sharing.clone);
	sharing_expect_unpinned(&sharing);
}

static const struct point points[] = {
	{ "source-first", "the source unregisters and goes while the clone's requests are in flight", 2,
	  source_first },
	{ "clone-first", "the clone unregisters and goes while the source's requests are in flight", 2,
	  clone_first },
	{ "both-closed", "both rings are closed, requests in flight", 2, both_closed },
	{ "tables-apart", "a slot of one ring is emptied; the other ring keeps it", 3, tables_apart },
	{ "other-process", "a ring of a forked process tries to clone", 1, other_process },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "clone-buffers",
		.summary = "rings that share registered buffers, either of which lets go first",
		.details =
			"Invariants: requests of the ring that stays move all their bytes; shared memory is\n"
			"pinned as long as one ring has it, and no longer; tables change apart; another\n"
			"process gets nothing.\n"
			"Tells apart: unregister that waits for the other ring's requests.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
