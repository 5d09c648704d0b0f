/*
 * Unregister, and update, when nothing is in flight: there is nobody to wait for.
 *
 * Invariants, in every design:
 *   - the call takes no longer than the kernel's own work does, that is some grace periods of RCU:
 *     the quickest of a few tries stays below a bound that a delayed work of a second breaks;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.11 and later; after-update 5.13.
 *
 * Tells no designs apart. Catches a release that is put off where somebody waits for it.
 */
#include <errno.h>

#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/*
 * The quickest call of a lockdep kernel that is emulated took 20 ms, that of a busy host several
 * times as long; the delay of released nodes is a second, by the same clock (HZ in rsrc.c).
 */
#define BOUND_MS 700

struct idle {
	struct ring ring;
	struct region region;
	long pins;
};

static void idle_open(struct idle *idle)
{
	ring_open(&idle->ring, (struct ring_options){ .entries = 4 });
	region_map(&idle->region, BUFFER_PAGES, "the memory of an idle buffer");
	idle->pins = pins_at_rest();
}

static void idle_register(struct idle *idle)
{
	struct iovec buffer = region_iovec(&idle->region);

	register_or_leave(&idle->ring, &buffer, 1, NULL);
}

static void use(struct idle *idle, struct rng *rng)
{
	struct flight flight;

	flight_open(&flight, &idle->ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&flight, &idle->region, 0, rng);
	flight_prepare(&flight, rng_chance(rng, 2) ? IOSQE_ASYNC : 0);
	ring_submit(&idle->ring, 1);
	flight_land(&flight, &idle->region, NULL, false);
	region_fill(&idle->region);
	flight_close(&flight);
}

static void replace(struct idle *idle, struct rng *rng)
{
	struct iovec buffer = region_iovec(&idle->region);
	int res;

	use(idle, rng);
	res = update_buffers(&idle->ring, 0, &buffer, 1, NULL);
	if (res == -EINVAL)
		skip_now("the kernel cannot update buffers (before 5.13)");
	if (res != 1)
		fail_now("to update the one slot", text("result %s", result_text(res)));
}

static void unregister_quickly(struct run *run, void (*before)(struct idle *idle, struct rng *rng))
{
	double quickest_ms = WAIT_MS;
	struct idle idle;

	idle_open(&idle);
	for (unsigned round = 0; round < run->rounds; round++) {
		int64_t start;

		idle_register(&idle);
		if (before)
			before(&idle, &run->rng);
		start = clock_ns();
		unregister_or_fail(&idle.ring);
		if (ms_since(start) < quickest_ms)
			quickest_ms = ms_since(start);
	}
	if (quickest_ms > BOUND_MS)
		fail(text("unregister, with nothing in flight, within %d ms", BOUND_MS),
		     text("%.0f ms, the quickest of %u", quickest_ms, run->rounds));
	observe_measure("quickest_ms", quickest_ms, "ms");
	finish_ring(&idle.ring, &run->rng);
	pins_check(idle.pins, "after the rounds");
	region_unmap(&idle.region);
}

static void never_used(struct run *run)
{
	unregister_quickly(run, NULL);
}

static void after_requests(struct run *run)
{
	unregister_quickly(run, use);
}

static void after_update(struct run *run)
{
	unregister_quickly(run, replace);
}

static const struct point points[] = {
	{ "never-used", "a buffer that no request has used is unregistered", 3, never_used },
	{ "after-requests", "the requests that used the buffer have ended", 3, after_requests },
	{ "after-update", "the buffer was replaced before", 3, after_update },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "idle-unregister",
		.summary = "unregister with nothing in flight, and nothing to wait for",
		.details =
			"Invariants: the quickest of a few calls takes far less than a second; nothing stays\n"
			"pinned.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
