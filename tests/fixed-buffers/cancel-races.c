/*
 * A fixed request whose cancellation, whose data and the unregister of whose buffer arrive at the
 * same time, in any order.
 *
 * Invariants, in every design:
 *   - the request completes exactly once: with all its bytes, with EFAULT and none, or cancelled
 *     (ECANCELED, or EINTR from a worker that ran it) and then without having moved any byte;
 *   - the cancellation completes exactly once, with 0, ENOENT or EALREADY;
 *   - unregister returns in bounded time and succeeds; the ring stays usable; nothing stays pinned.
 *
 * Kernels: 5.11 and later.
 *
 * Tells no designs apart. Catches a buffer's reference that two of the three drop, or none.
 */
#include <errno.h>
#include <sched.h>

#include "call.h"
#include "cancel.h"
#include "pins.h"
#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

/* How late each of the racing threads may be. */
#define MOST_SPINS 30000u

struct late {
	struct ring *ring;
	struct flight *flight;
	unsigned spins;
};

static void spin(unsigned spins)
{
	for (volatile unsigned i = 0; i < spins; i++)
		;
}

static long unregister_late(void *argument)
{
	const struct late *late = argument;

	spin(late->spins);
	return unregister_buffers(late->ring);
}

static long release_late(void *argument)
{
	const struct late *late = argument;

	spin(late->spins);
	flight_release(late->flight);
	return 0;
}

/* The cancellation, the data and unregister, in any order. */
static void race_once(struct racer *racer, struct ring *ring, struct region *region)
{
	struct flight flight;
	struct late to_unregister = { ring, &flight, (unsigned)rng_below(&racer->rng, MOST_SPINS) };
	struct late to_release = { ring, &flight, (unsigned)rng_below(&racer->rng, MOST_SPINS) };
	struct iovec buffer = region_iovec(region);
	struct call unregister, release;
	struct landing landing;
	int res;

	register_or_leave(ring, &buffer, 1, NULL);
	flight_open(&flight, ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&flight, region, 0, &racer->rng);
	flight_prepare(&flight, rng_chance(&racer->rng, 2) ? IOSQE_ASYNC : 0);
	ring_submit(ring, 1);
	call_init(&unregister, "unregister", unregister_late, &to_unregister);
	call_init(&release, "writing to the pipe", release_late, &to_release);
	call_start(&unregister);
	call_start(&release);
	/* A thread takes longer to start than a cancellation to be done. */
	while (!atomic_load(&unregister.tid) || !atomic_load(&release.tid))
		sched_yield();
	spin((unsigned)rng_below(&racer->rng, MOST_SPINS));
	res = cancel_request(ring, flight.id);
	if (res != 0 && res != -ENOENT && res != -EALREADY)
		fail("a cancellation to give 0, ENOENT or EALREADY", text("result %s", result_text(res)));
	call_end(&release);
	landing = flight_land(&flight, region, NULL, true);
	if (call_end(&unregister) < 0)
		fail("unregister to succeed", text("result %s", result_text(unregister.result)));
	racer->requests++;
	racer->hits += landing.res == -ECANCELED;
	region_fill(region);
	flight_close(&flight);
}

static void race_in_thread(struct racer *racer)
{
	struct region region;
	struct ring ring;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	region_map(&region, BUFFER_PAGES, "the memory of a racer");
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ring, &region);
	finish_ring(&ring, &racer->rng);
	region_unmap(&region);
}

static void race(struct run *run)
{
	long pins = pins_at_rest();

	racers_run(run, &(struct race){ .threads = 4, .body = race_in_thread, .hit = "cancelled" });
	pins_check(pins, "after the race");
}

static const struct point points[] = {
	{ "race", "cancellation, data and unregister in any order", 40, race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "cancel-races",
		.summary = "cancellation, data and unregister at the same time, in any order",
		.details =
			"Invariants: the request completes once, with all its bytes, with EFAULT and none,\n"
			"or cancelled without having moved any byte; the cancellation completes once;\n"
			"unregister succeeds; nothing stays pinned.\n"
			"Tells no designs apart; catches a buffer's reference dropped twice, or never.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
