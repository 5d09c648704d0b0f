/*
 * fork() with a buffer registered and a request on it in flight: the child gets a copy of the
 * memory, and parent and child write to theirs.
 *
 * Invariants, on every kernel:
 *   - the buffer is the parent's pages, before and after: what the parent writes to its memory is
 *     what a WRITE_FIXED sends, and what a READ_FIXED brings is what the parent sees;
 *   - the child's copy is as it was at the fork, and what the child writes nobody else sees;
 *   - after unregister no page is pinned.
 *
 * Kernels: 5.11 and later.
 *
 * Tells no designs apart: memory is pinned so that this holds. Catches pins that copy-on-write does
 * not respect, so that buffer and memory drift apart.
 */
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "pinned-buffer.h"
#include "program.h"
#include "trial.h"

/* In the child: its copy is as it was at the fork, whatever the parent and its ring do. */
static _Noreturn void be_child(struct child *child, const struct region *region)
{
	child_say(child);
	child_await_parent(child);
	if (pattern_mismatch(region->base, region->pattern, 0, region->length) >= 0)
		fail_now("the child's copy as it was at the fork", region_describe(region));
	memset(region->base, 0, region->length);
	child_say(child);
	child_await_parent(child);
	_exit(CHILD_DONE);
}

static void forked(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct pinned_buffer buffer;
		struct landing landing;
		struct flight flight;
		struct child child;

		pinned_open(&buffer, &run->rng);
		flight_open(&flight, &buffer.ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &buffer.region, 0, &run->rng);
		flight_prepare(&flight, round % 2 ? IOSQE_ASYNC : 0);
		ring_submit(&buffer.ring, 1);
		flights_await_issued(&buffer.ring, 1);
		if (child_start(&child) == CHILD_SELF)
			be_child(&child, &buffer.region);
		child_await_word(&child);
		/* Written after the fork, by the parent and by the kernel: the same pages still. */
		buffer.region.pattern = buffer.now.pattern = pattern_new("bytes written after fork");
		region_fill(&buffer.region);
		flight_release(&flight);
		landing = flight_land(&flight, &buffer.region, NULL, false);
		if (landing.used != USED_OLD)
			fail("a read to move all its bytes after fork", text("result %d", landing.res));
		child_tell(&child);
		child_await_word(&child);
		pinned_check(&buffer, (struct span){ .at = flight.at, .length = flight.length }, flight.payload,
			     "fork");
		child_tell(&child);
		child_expect_end(&child, CHILD_DONE << 8);
		flight_close(&flight);
		pinned_close(&buffer);
	}
}

static const struct point points[] = {
	{ "forked", "fork while a read waits; parent and child write to their memory", 2, forked },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "memory-fork",
		.summary = "fork with a buffer registered and a request on it in flight",
		.details =
			"Invariants: the buffer stays the parent's memory, also when both sides write to\n"
			"theirs; the child's copy is as it was at the fork; nothing stays pinned.\n"
			"Tells no designs apart: memory is pinned so that this holds.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
