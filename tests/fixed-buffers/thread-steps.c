/*
 * The four steps of the io_uring list's thread of January 2021: register a buffer, submit a
 * READ_FIXED with IOSQE_ASYNC, unregister from another thread, "the request may not find the
 * buffer and fail".
 *
 * Invariants, in every design:
 *   - the request completes exactly once: with all its bytes, or with EFAULT and none;
 *   - its bytes go to the memory that was registered, to its range of it, and nowhere else, also
 *     when that memory has been unmapped and reused since;
 *   - memory that a request still uses stays pinned until the request has ended;
 *   - unregister returns in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later; the points that need a request which is submitted but not issued, 5.15.
 *
 * Tells apart: buffer selected at submission (unregister waits, result=full) from buffer looked
 * up at issue (queued-read fails with EFAULT); a registration that waits for its users from one
 * whose users keep what they use alive.
 */
#include <errno.h>

#include "at-once.h"
#include "call.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/* As many pages as this for each one that was given back, so that it is drawn again. */
#define SPARE_PAGES (8 * BUFFER_PAGES)

static void unregister_in_flight(struct run *run, enum stage stage, enum actor actor)
{
	const struct experiment experiment = {
		.plan = { .direction = FLIGHT_READ, .stage = stage, .flights = 4 },
		.what = "unregister",
		.action = trial_unregister,
		.actor = actor,
	};
	struct findings findings = { 0 };

	experiment_run(run, &experiment, &findings);
	findings_observe(&findings, "unregister");
}

static void issued_read(struct run *run)
{
	unregister_in_flight(run, STAGE_ISSUED, ACT_OTHER_THREAD);
}

static void issued_read_by_submitter(struct run *run)
{
	unregister_in_flight(run, STAGE_ISSUED, ACT_SUBMITTER);
}

static void armed_read(struct run *run)
{
	unregister_in_flight(run, STAGE_ARMED, ACT_OTHER_THREAD);
}

static void queued_read(struct run *run)
{
	unregister_in_flight(run, STAGE_QUEUED, ACT_OTHER_THREAD);
}

static void at_once(struct run *run)
{
	at_once_run(run, (struct at_once){ .direction = FLIGHT_READ, .threads = 6 });
}

static struct region spare[MOST_FLIGHTS];

/* What an application does that takes "unregister has returned" for "the memory is mine again". */
static long unregister_and_reuse(void *argument)
{
	struct trial *trial = argument;
	long res = trial_unregister(trial);

	/* Freed and allocated by one thread: the allocator hands out first what came back last. */
	for (unsigned i = 0; i < trial->plan.flights; i++)
		region_unmap(&trial->old[i]);
	for (unsigned i = 0; i < trial->plan.flights; i++)
		region_map(&spare[i], SPARE_PAGES, "memory mapped after unregister");
	return res;
}

static void check_reused(struct trial *trial, struct agreed *result)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		struct completion completion = ring_await(&trial->ring, trial->flights[i].id);
		struct landing landing = { .res = completion.res };

		if (completion.res != (int)trial->flights[i].length && completion.res != -EFAULT)
			fail("a read that moves all its bytes or fails with EFAULT",
			     text("result %s", result_text(completion.res)));
		if (completion.res >= 0)
			trial->used_old |= 1u << i;
		agreed_add(result, landing_result(&trial->flights[i], &landing));
	}
	for (unsigned i = 0; i < trial->plan.flights; i++)
		if (pattern_mismatch(spare[i].base, spare[i].pattern, 0, spare[i].length) >= 0)
			fail("no byte in memory that was never registered", region_describe(&spare[i]));
}

static void memory_reused(struct run *run)
{
	struct agreed result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;

		trial_open(&trial,
			   (struct trial_plan){
				   .direction = FLIGHT_READ, .stage = STAGE_ISSUED, .flights = 4 },
			   &run->rng);
		trial_act(&trial, "unregister", unregister_and_reuse, ACT_OTHER_THREAD);
		check_reused(&trial, &result);
		trial_close(&trial);
		for (unsigned i = 0; i < trial.plan.flights; i++)
			region_unmap(&spare[i]);
	}
	observe_agreed("result", &result);
}

/* The calls of `meanwhile`, each in a thread of its own because some design may make it wait. */
static long submit_more(void *argument)
{
	struct trial *trial = argument;

	return io_uring_submit(&trial->ring.uring);
}

static long register_more(void *argument)
{
	struct trial *trial = argument;
	struct iovec buffer = region_iovec(&trial->fresh[0]);

	return register_buffers(&trial->ring, &buffer, 1, NULL);
}

static long update_more(void *argument)
{
	struct trial *trial = argument;
	struct iovec buffer = region_iovec(&trial->fresh[0]);

	return update_buffers(&trial->ring, 0, &buffer, 1, NULL);
}

static const char *outcome_of(struct call *call, bool returned)
{
	return returned ? text("%ld", call->result) : "waits";
}

static void meanwhile(struct run *run)
{
	struct call unregister, submit, again, update, replace;
	bool submitted, again_returned, update_returned, replace_returned;
	const struct trial_plan plan = { .direction = FLIGHT_READ, .stage = STAGE_ISSUED, .flights = 1 };
	struct io_uring_sqe *sqe;
	struct flight late;
	struct trial trial;
	uint64_t nop;

	trial_open(&trial, plan, &run->rng);
	trial_map_elsewhere(&trial);
	call_init(&unregister, "unregister", trial_unregister, &trial);
	call_start(&unregister);
	call_returns_or_waits(&unregister);

	sqe = ring_sqe(&trial.ring);
	io_uring_prep_nop(sqe);
	nop = ring_announce(&trial.ring, "a NOP while unregister is at work");
	sqe->user_data = nop;
	flight_open(&late, &trial.ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&late, &trial.old[0], 0, &run->rng);
	flight_prepare(&late, 0);
	call_init(&submit, "a submission while unregister is at work", submit_more, &trial);
	call_start(&submit);
	submitted = call_returns_or_waits(&submit);
	/* On the kernels that refuse, the requests stay in the queue for the submission below. */
	if (submitted && submit.result == 2)
		ring_await(&trial.ring, nop);

	call_init(&again, "a second unregister", trial_unregister, &trial);
	call_start(&again);
	again_returned = call_returns_or_waits(&again);
	call_init(&update, "an update while unregister is at work", update_more, &trial);
	call_start(&update);
	update_returned = call_returns_or_waits(&update);
	call_init(&replace, "a registration while unregister is at work", register_more, &trial);
	call_start(&replace);
	replace_returned = call_returns_or_waits(&replace);

	flight_release(&trial.flights[0]);
	if (call_end(&unregister) < 0)
		fail("unregister to succeed", text("result %s", result_text(unregister.result)));
	call_end(&submit);
	call_end(&again);
	call_end(&update);
	call_end(&replace);
	if (submit.result < 2)
		ring_submit(&trial.ring, submit.result < 0 ? 2 : 2 - (unsigned)submit.result);

	observe("submission", !submitted ? "waits" : submit.result == 2 ? "accepted" : "refused");
	observe("second_unregister", outcome_of(&again, again_returned));
	observe("update", outcome_of(&update, update_returned));
	observe("registration", outcome_of(&replace, replace_returned));
	observe("fixed_request", text("%d", ring_await(&trial.ring, late.id).res));
	trial_land_one(&trial, 0);
	trial.is_registered = replace.result == 0;
	flight_close(&late);
	trial_close(&trial);
}

static const struct point points[] = {
	{ "issued-read", "four reads wait for their pipes; another thread unregisters", 2, issued_read },
	{ "issued-read-by-submitter", "the same, the submitting thread itself unregisters", 2,
	  issued_read_by_submitter },
	{ "armed-read", "reads submitted without IOSQE_ASYNC wait for their pipes", 2, armed_read },
	{ "queued-read", "reads submitted but not issued, behind a busy worker", 2, queued_read },
	{ "at-once", "submit with IOSQE_ASYNC and unregister at once, from six threads", 300, at_once },
	{ "memory-reused", "the memory is unmapped and reused as soon as unregister returns", 2,
	  memory_reused },
	{ "meanwhile", "what other calls get while unregister is at work", 1, meanwhile },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "thread-steps",
		.summary = "READ_FIXED in flight while its buffer is unregistered",
		.details =
			"Invariants: a request completes once, with all its bytes or with EFAULT and none;\n"
			"bytes go to the registered range and nowhere else; memory in use stays pinned;\n"
			"unregister returns in bounded time; the ring stays usable.\n"
			"Tells apart: buffer selected at submission, looked up at issue; unregister that\n"
			"waits for its users, and users that keep alive what they use.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
