/*
 * Signals for a thread that unregisters or updates while requests are in flight. An unregister
 * that waits for them may be interrupted; that must not cost anything but another call.
 *
 * Invariants, in every design:
 *   - unregister gives 0 or EINTR, and EINTR only to a thread that has taken a signal;
 *   - after EINTR all is as before: the request in flight completes with all its bytes, new fixed
 *     requests find their buffers, and the next unregister works;
 *   - after any number of signals, unregister gets through when nothing is in flight any more;
 *   - update does not wait, so signals change nothing about it; each tag still comes once;
 *   - nothing stays pinned.
 *
 * Kernels: 5.11 and later; updates 5.13.
 *
 * Tells apart: unregister that waits for its users (waits=yes) from users that keep alive what
 * they use; whether a signal ends the wait (after_signal=-4) or not, also with SA_RESTART.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "call.h"
#include "clock.h"
#include "file-io.h"
#include "program.h"
#include "register.h"
#include "signals.h"
#include "trial.h"

/* How long signals go on when nothing is in flight any more. */
#define STORM_MS 150u

static sigset_t blocked;

static long unregister_here(void *argument)
{
	struct trial *trial = argument;

	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	return unregister_once(&trial->ring);
}

/* Requests find their buffers, while the one in flight still waits. */
static void check_table(struct trial *trial)
{
	struct region *region = &trial->old[1];
	struct file file;

	file_open(&file, 4 * page_size(), "a file's bytes");
	fixed_io_works(&trial->ring, &file, region, (struct span){ region->base, page_size() + 5, 1, 3 });
	file_close(&file);
}

/* One unregister, one signal; then the rest in good order. */
static void interrupt_once(struct run *run, int handler_flags, bool block)
{
	const struct trial_plan plan = { .direction = FLIGHT_READ, .stage = STAGE_ISSUED, .flights = 2 };
	struct agreed waits = { 0 }, after_signal = { 0 };

	signals_catch(handler_flags);
	sigemptyset(&blocked);
	if (block)
		sigaddset(&blocked, INTERRUPT);
	for (unsigned round = 0; round < run->rounds; round++) {
		unsigned taken = signals_taken();
		struct trial trial;
		struct call call;
		bool returned;
		long res;

		trial_open(&trial, plan, &run->rng);
		/* The second buffer is for check_table(): its request ends before. */
		flight_release(&trial.flights[1]);
		trial_land_one(&trial, 1);
		region_fill(&trial.old[1]);
		trial.used_old = 0;
		call_init(&call, "unregister", unregister_here, &trial);
		call_start(&call);
		returned = call_returns_or_waits(&call);
		agreed_add(&waits, returned ? "no" : "yes");
		if (!returned) {
			pthread_kill(call.thread, INTERRUPT);
			returned = call_returns_or_waits(&call);
			agreed_add(&after_signal, returned ? text("%ld", call.result) : "waits");
		}
		if (returned && call.result < 0)
			check_table(&trial);
		flight_release(&trial.flights[0]);
		res = call_end(&call);
		if (res != 0 && res != -EINTR)
			fail("unregister to give 0 or EINTR", text("result %s", result_text(res)));
		if (res == -EINTR && (block || signals_taken() == taken))
			fail("EINTR only for a thread that has taken a signal", "it has taken none");
		trial_land_one(&trial, 0);
		trial.is_registered = res < 0;
		trial_close(&trial);
	}
	observe_agreed("waits", &waits);
	observe_agreed("after_signal", &after_signal);
}

static void handler(struct run *run)
{
	interrupt_once(run, 0, false);
}

static void restarting_handler(struct run *run)
{
	interrupt_once(run, SA_RESTART, false);
}

static void blocked_signal(struct run *run)
{
	interrupt_once(run, 0, true);
}

struct attempts {
	struct ring *ring;
	_Atomic unsigned interrupted;
};

static long unregister_until_done(void *argument)
{
	struct attempts *attempts = argument;
	struct deadline deadline = deadline_in_ms(WAIT_MS);
	int res;

	while ((res = unregister_once(attempts->ring)) == -EINTR && !deadline_passed(deadline))
		atomic_fetch_add(&attempts->interrupted, 1);
	return res;
}

/*
 * Signals all the time, before, while and after the requests in flight end. Not for ever: up to
 * 6.3 each attempt needs a grace period of its own, and signals may come faster than those.
 */
static void storm(struct run *run)
{
	const struct trial_plan plan = { .direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = 2 };
	unsigned interrupted = 0, sent = 0;

	signals_catch(0);
	for (unsigned round = 0; round < run->rounds; round++) {
		struct attempts attempts = { 0 };
		struct storm storm;
		struct trial trial;
		struct call call;
		long res;

		trial_open(&trial, plan, &run->rng);
		attempts.ring = &trial.ring;
		call_init(&call, "unregister under a storm of signals", unregister_until_done, &attempts);
		call_start(&call);
		storm_begin(&storm, call.thread);
		sleep_ms(20 + (unsigned)rng_below(&run->rng, 60));
		flight_release(&trial.flights[0]);
		sleep_ms((unsigned)rng_below(&run->rng, 20));
		flight_release(&trial.flights[1]);
		for (unsigned ms = 0; ms < STORM_MS && !call_returned(&call); ms += 10)
			sleep_ms(10);
		storm_end(&storm);
		res = call_end(&call);
		if (res != 0)
			fail("unregister to get through when nothing is in flight and no signal comes",
			     text("result %s", result_text(res)));
		trial_land_one(&trial, 0);
		trial_land_one(&trial, 1);
		trial.is_registered = res != 0;
		trial_close(&trial);
		interrupted += attempts.interrupted;
		sent += storm.sent;
	}
	observe_measure("interrupted", interrupted, "times");
	observe_measure("sent", sent, "signals");
}

static long update_again_and_again(void *argument)
{
	struct trial *trial = argument;
	struct iovec buffer = region_iovec(&trial->fresh[0]);

	for (unsigned i = 0; i < 50; i++) {
		uint64_t tag = ring_announce(&trial->ring, "the tag of memory replaced under signals");
		int res = update_buffers(&trial->ring, 1, &buffer, 1, &tag);

		if (res != 1)
			fail_now("one slot updated, whatever signals come",
				 text("result %s", result_text(res)));
	}
	return 0;
}

static void update(struct run *run)
{
	const struct trial_plan plan = { .direction = FLIGHT_READ, .stage = STAGE_ISSUED, .flights = 2 };
	const struct iovec nothing = { 0 };
	unsigned sent = 0;

	signals_catch(0);
	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct storm storm;
		struct call call;

		trial_open(&trial, plan, &run->rng);
		trial_map_elsewhere(&trial);
		call_init(&call, "50 updates under a storm of signals", update_again_and_again, &trial);
		call_start(&call);
		storm_begin(&storm, call.thread);
		while (!call_returned(&call))
			sleep_ms(1);
		storm_end(&storm);
		call_end(&call);
		flight_release(&trial.flights[0]);
		flight_release(&trial.flights[1]);
		trial_land_one(&trial, 0);
		trial_land_one(&trial, 1);
		/* So that the last tag is due, too. */
		if (update_buffers(&trial.ring, 1, &nothing, 1, NULL) != 1)
			fail("a slot emptied at the end", "an error");
		trial_close(&trial);
		sent += storm.sent;
	}
	observe_measure("sent", sent, "signals");
}

static const struct point points[] = {
	{ "handler", "one signal for a thread that unregisters", 2, handler },
	{ "restarting-handler", "the same with SA_RESTART", 2, restarting_handler },
	{ "blocked-signal", "the same with the signal blocked", 1, blocked_signal },
	{ "storm", "signal after signal while unregister tries to get through", 3, storm },
	{ "update", "signal after signal for a thread that updates", 1, update },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "signals",
		.summary = "signals for a thread that unregisters or updates",
		.details =
			"Invariants: unregister gives 0 or, to a thread that has taken a signal, EINTR, and\n"
			"then all is as before: requests complete, buffers are found, the next unregister\n"
			"works; a storm of signals only delays it; update never notices.\n"
			"Tells apart: unregister that waits for its users, and whether a signal ends that.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
