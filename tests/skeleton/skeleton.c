/*
 * What is checked here, in one sentence.
 *
 * Invariants, in every design:
 *   - the read completes exactly once: with all its bytes, or with EFAULT and none;
 *   - unregister returns in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later.
 *
 * Tells apart: unregister that waits for its users from one that does not.
 */
#include "call.h"
#include "flight.h"
#include "program.h"
#include "register.h"

/* A ring and one registered buffer, as most points need them. */
struct setup {
	struct ring ring;
	struct region memory; /* every byte of it is known, and there are guard pages around it */
};

static void set_up(struct setup *setup)
{
	struct iovec buffer;

	ring_open(&setup->ring, (struct ring_options){ .entries = 8 });
	region_map(&setup->memory, 2, "the buffer's own bytes");
	buffer = region_iovec(&setup->memory);
	register_or_leave(&setup->ring, &buffer, 1, NULL);
}

static void take_down(struct setup *setup)
{
	/* Every completion that was announced has come, once, and the ring still works. */
	ring_check(&setup->ring);
	ring_close(&setup->ring);
	region_unmap(&setup->memory);
}

/* The simplest case first: when it fails, the others need no explanation. */
static void read_at_once(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct flight flight;
		struct landing landing;
		struct setup setup;

		set_up(&setup);
		flight_open(&flight, &setup.ring, FLIGHT_READ, FLIGHT_READY);
		/* Any piece of the buffer; `--seed` repeats the choice. */
		flight_aim(&flight, &setup.memory, 0, &run->rng);
		flight_prepare(&flight, 0);
		ring_submit(&setup.ring, 1);
		/* Judges result and memory; fails the point when they are wrong in every design. */
		landing = flight_land(&flight, &setup.memory, NULL, false);
		if (landing.res < 0)
			fail("a read of a registered buffer to succeed", result_text(landing.res));
		flight_close(&flight);
		take_down(&setup);
	}
}

/* The read waits for its pipe while another thread unregisters its buffer. */
static void read_in_flight(struct run *run)
{
	struct agreed waited = { 0 };
	struct agreed result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct flight flight;
		struct landing landing;
		struct setup setup;
		struct call call;
		long res;

		set_up(&setup);
		flight_open(&flight, &setup.ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &setup.memory, 0, &run->rng);
		flight_prepare(&flight, 0);
		ring_submit(&setup.ring, 1);
		flights_await_issued(&setup.ring, 1);

		call_init(&call, "unregister", unregister_ring, &setup.ring);
		call_start(&call);
		/* No sleep: the library finds out whether the call returns or really waits. */
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		flight_release(&flight);
		res = call_end(&call);
		if (res < 0)
			fail("unregister to succeed", result_text(res));

		landing = flight_land(&flight, &setup.memory, NULL, false);
		agreed_add(&result, landing_result(&flight, &landing));
		flight_close(&flight);
		take_down(&setup);
	}
	/* Not right or wrong, but design: base and patch are compared by it. */
	observe_agreed("unregister_waited", &waited);
	observe_agreed("result", &result);
}

static const struct point points[] = {
	{ "read-at-once", "a fixed read that need not wait", 4, read_at_once },
	{ "read-in-flight", "a fixed read waits for its pipe; another thread unregisters", 4, read_in_flight },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "@NAME@",
		.summary = "a fixed read while its buffer is unregistered",
		.details =
			"Invariants: the read completes once, with all its bytes or with EFAULT and none;\n"
			"unregister returns in bounded time, and the ring stays usable.\n"
			"Tells apart: unregister that waits for its users, and one that does not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
