/*
 * Unregister on a ring whose completions are run by its one task, and by that only when it asks
 * for them (IORING_SETUP_SINGLE_ISSUER with IORING_SETUP_DEFER_TASKRUN): the very task that waits
 * in unregister is the one that the requests need in order to end.
 *
 * Invariants, in every design:
 *   - each request completes exactly once, with all its bytes or with EFAULT and none, and its
 *     bytes go to the memory that was registered;
 *   - when unregister waits and a signal ends that, the requests still complete, and the next
 *     unregister works; cancelled (ECANCELED) they may be then, for what they need to go on in a
 *     worker cannot be started while a signal is pending, but not half done;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 6.1 and later. Up to 6.3 unregister is known to wait for requests that only its own
 * task could complete, until a signal comes; so that is told (unregister=hangs), not judged, here.
 *
 * Tells apart: unregister that waits for its users from one that does not; a wait that runs the
 * ring's deferred work (unregister=returns) from one that does not (hangs); and selection at
 * submission from look-up at issue (linked-read, queued-read).
 */
#include <errno.h>

#include "call.h"
#include "clock.h"
#include "program.h"
#include "register.h"
#include "signals.h"
#include "trial.h"

/* The data is there; what still needs longer than this will need for ever. */
#define SOON_MS 1000u

#define DEFERRED (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

struct deferred {
	struct trial trial;
	struct call call;
	pthread_t submitter;
	bool waited;
	bool hung;
};

static long unregister_here(void *argument)
{
	struct trial *trial = argument;

	return unregister_once(&trial->ring);
}

static void release(struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		if (trial->plan.stage == STAGE_LINKED)
			hold_feed(&trial->gates[i], pattern_new("one byte for the head of a link"), 1);
		else
			flight_release(&trial->flights[i]);
	}
	if (trial->plan.stage == STAGE_QUEUED)
		stall_release(&trial->stall);
}

/* Another thread: lets the requests go while the ring's own is in unregister, and then frees it. */
static void *conduct(void *argument)
{
	struct deferred *deferred = argument;
	struct deadline soon;

	deferred->waited = !call_returns_or_waits(&deferred->call);
	release(&deferred->trial);
	soon = deadline_in_ms(SOON_MS);
	while (!call_returned(&deferred->call) && !deadline_passed(soon))
		sleep_ms(2);
	deferred->hung = !call_returned(&deferred->call);
	while (!call_returned(&deferred->call)) {
		pthread_kill(deferred->submitter, INTERRUPT);
		sleep_ms(20);
	}
	return NULL;
}

static void unregister_once_deferred(struct deferred *deferred)
{
	struct trial *trial = &deferred->trial;
	pthread_t conductor;
	long res;

	deferred->submitter = pthread_self();
	call_init(&deferred->call, "unregister by the ring's own task", unregister_here, trial);
	if (pthread_create(&conductor, NULL, conduct, deferred))
		error_now("cannot start a thread");
	call_here(&deferred->call);
	pthread_join(conductor, NULL);
	res = deferred->call.result;
	trial->took_ms = deferred->call.took_ms;
	trial->is_registered = res < 0;
	if (res != 0 && (res != -EINTR || !deferred->waited))
		fail("unregister to succeed, or to be interrupted while it waits",
		     text("result %s", result_text(res)));
}

static void unregister_deferred(struct run *run, struct trial_plan plan)
{
	struct agreed waited = { 0 }, unregister = { 0 }, result = { 0 }, used = { 0 };
	double longest_ms = 0;
	unsigned cancelled = 0;

	plan.ring_flags = DEFERRED;
	plan.flights = 3;
	plan.may_be_cancelled = true;
	signals_catch(0);
	for (unsigned round = 0; round < run->rounds; round++) {
		struct deferred deferred = { 0 };
		struct trial *trial = &deferred.trial;

		trial_open(trial, plan, &run->rng);
		unregister_once_deferred(&deferred);
		agreed_add(&waited, deferred.waited ? "yes" : "no");
		agreed_add(&unregister, deferred.hung ? "hangs" : "returns");
		if (trial->took_ms > longest_ms)
			longest_ms = trial->took_ms;
		for (unsigned i = 0; i < plan.flights; i++) {
			struct landing landing = trial_land_one(trial, i);

			/* After a signal, timing decides; without one nothing may be cancelled. */
			cancelled += landing.res == -ECANCELED;
			if (deferred.hung)
				continue;
			if (landing.res == -ECANCELED)
				fail("requests that nobody cancels not to be cancelled", "ECANCELED");
			agreed_add(&result, landing_result(&trial->flights[i], &landing));
			agreed_add(&used, used_text(landing.used));
		}
		trial_close(trial);
	}
	observe_agreed("unregister_waited", &waited);
	observe_agreed("unregister", &unregister);
	observe_agreed("result", &result);
	observe_agreed("memory", &used);
	observe_measure("unregister_ms", longest_ms, "ms");
	observe_measure("cancelled_after_signal", cancelled, "requests");
}

static void armed_read(struct run *run)
{
	unregister_deferred(run, (struct trial_plan){ .direction = FLIGHT_READ, .stage = STAGE_ARMED });
}

/* Writes, so that they are here, too; each point that hangs costs a second. */
static void issued_write(struct run *run)
{
	unregister_deferred(run, (struct trial_plan){ .direction = FLIGHT_WRITE, .stage = STAGE_ISSUED });
}

static void queued_read(struct run *run)
{
	unregister_deferred(run, (struct trial_plan){ .direction = FLIGHT_READ, .stage = STAGE_QUEUED });
}

static void linked_read(struct run *run)
{
	unregister_deferred(run, (struct trial_plan){ .direction = FLIGHT_READ, .stage = STAGE_LINKED });
}

/* Only its own task may change the ring; what another one gets must change nothing. */
static void other_task(struct run *run)
{
	const struct trial_plan plan = {
		.direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = 1, .ring_flags = DEFERRED
	};
	struct trial trial;
	struct call call;

	trial_open(&trial, plan, &run->rng);
	call_init(&call, "unregister by another task", unregister_here, &trial);
	call_start(&call);
	observe_number("unregister_by_another_task", call_end(&call));
	trial.is_registered = call.result < 0;
	flight_release(&trial.flights[0]);
	trial_land_one(&trial, 0);
	trial_close(&trial);
}

static const struct point points[] = {
	{ "armed-read", "reads wait for their pipes, to be run by the task that unregisters", 1, armed_read },
	{ "issued-write", "writes that io-wq workers issued wait for full pipes", 1, issued_write },
	{ "queued-read", "reads submitted but not issued, behind a busy worker", 1, queued_read },
	{ "linked-read", "reads linked behind plain reads that wait", 1, linked_read },
	{ "other-task", "unregister by a task that is not the ring's own", 1, other_task },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "defer-taskrun",
		.summary = "unregister by the one task that completes the ring's requests",
		.details =
			"Invariants: each request completes once, with all its bytes or with EFAULT and\n"
			"none; an interrupted unregister changes nothing and works the next time.\n"
			"Tells apart: unregister that waits, and whether it runs the ring's deferred work\n"
			"then (returns) or waits until a signal comes (hangs, as up to 6.3); buffer selected\n"
			"at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
