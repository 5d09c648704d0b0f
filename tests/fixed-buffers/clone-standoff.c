/*
 * Two rings share buffers, requests of both are in flight, and both unregister at the same time.
 *
 * Invariants, in every design:
 *   - the requests move all their bytes, and both calls succeed, at the latest when the requests
 *     have ended: neither waits for the other one;
 *   - while requests hold both calls back, the process can be killed;
 *   - nothing stays pinned.
 *
 * Kernels: 6.12 and later.
 *
 * Tells apart: unregister that waits for the requests of its ring (waited=yes) from one that leaves
 * them what they use.
 */
#include <signal.h>

#include "call.h"
#include "child.h"
#include "clone.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "sharing.h"

struct standoff {
	struct sharing sharing;
	struct flight flights[2];
	struct call calls[2];
	bool waits;
};

static void standoff_begin(struct standoff *standoff, struct rng *rng)
{
	struct ring *rings[] = { &standoff->sharing.source, &standoff->sharing.clone };

	sharing_begin(&standoff->sharing, false);
	for (unsigned i = 0; i < 2; i++) {
		flight_open(&standoff->flights[i], rings[i], FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&standoff->flights[i], &standoff->sharing.regions[i], i, rng);
		flight_prepare(&standoff->flights[i], 0);
		ring_submit(rings[i], 1);
		flights_await_issued(rings[i], 1);
		call_init(&standoff->calls[i], "unregister, both rings at once", unregister_ring, rings[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		call_start(&standoff->calls[i]);
	standoff->waits = false;
	for (unsigned i = 0; i < 2; i++)
		standoff->waits |= !call_returns_or_waits(&standoff->calls[i]);
}

static void unregister_both(struct run *run)
{
	struct agreed waited = { 0 };

	clone_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		struct standoff standoff;

		standoff_begin(&standoff, &run->rng);
		agreed_add(&waited, standoff.waits ? "yes" : "no");
		for (unsigned i = 0; i < 2; i++) {
			flight_release(&standoff.flights[i]);
			if (flight_land(&standoff.flights[i], &standoff.sharing.regions[i], NULL, false).used !=
			    USED_OLD)
				fail("a request in flight to move all its bytes", "EFAULT");
			flight_close(&standoff.flights[i]);
		}
		for (unsigned i = 0; i < 2; i++)
			if (call_end(&standoff.calls[i]) != 0)
				fail("unregister to succeed", text("result %s", result_text(standoff.calls[i].result)));
		sharing_expect_unpinned(&standoff.sharing);
		ring_check(&standoff.sharing.source);
		ring_check(&standoff.sharing.clone);
		ring_close(&standoff.sharing.source);
		ring_close(&standoff.sharing.clone);
		sharing_end(&standoff.sharing);
	}
	observe_agreed("waited", &waited);
}

static void killed(struct run *run)
{
	long pins = pins_at_rest();

	clone_or_skip();
	for (unsigned round = 0; round < run->rounds; round++) {
		static struct standoff standoff;
		struct child child;

		if (child_start(&child) == CHILD_SELF) {
			standoff_begin(&standoff, &run->rng);
			child_say(&child);
			child_await_parent(&child);
		}
		child_await_word(&child);
		kill(child.pid, SIGKILL);
		child_expect_end(&child, SIGKILL);
		task_gone(pins);
	}
	rings_gone();
}

static const struct point points[] = {
	{ "unregister-both", "both rings unregister, requests of both in flight", 2, unregister_both },
	{ "killed", "the same, and the process is killed", 2, killed },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "clone-standoff",
		.summary = "two rings that share buffers unregister while requests of both are in flight",
		.details =
			"Invariants: both calls succeed at the latest when the requests have ended, which move\n"
			"all their bytes; until then the process can be killed; nothing stays pinned.\n"
			"Tells apart: unregister that waits for the requests of its ring.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
