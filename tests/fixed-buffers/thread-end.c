/*
 * The thread that submitted fixed requests ends with them in flight; the ring and the other threads
 * go on.
 *
 * Invariants, in every design:
 *   - each of its requests completes exactly once, at the latest when what it waits for has come
 *     true: cancelled (ECANCELED, EINTR, or EFAULT where the kernel has no task left to run it in),
 *     and then no byte moved, neither into the memory nor out of the pipe;
 *   - with SQPOLL the requests are the kernel thread's: they go on and move all their bytes;
 *   - unregister by another thread succeeds in bounded time once the requests have ended, nothing
 *     stays pinned, and the ring stays usable for the threads that are left.
 *
 * Kernels: 5.11 and later; the queued point 5.15. Whether a request that waits for its pipe is
 * cancelled at the thread's end or when the pipe becomes ready is the kernel's choice (an armed poll
 * waits in all kernels so far).
 *
 * Tells no designs apart: all of them must clean up.
 */
#include <errno.h>
#include <pthread.h>

#include "clock.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"
#include "watch.h"

#define FLIGHTS 4

struct submission {
	struct trial *trial;
	struct trial_plan plan;
	struct rng *rng;
};

static void *submit_and_end(void *argument)
{
	struct submission *submission = argument;

	trial_open(submission->trial, submission->plan, submission->rng);
	return NULL;
}

/* Returns when the thread is gone, as far as the kernel's clean-up for it is concerned. */
static void submit_in_thread(struct submission *submission)
{
	pthread_t thread;
	int watch;

	if (pthread_create(&thread, NULL, submit_and_end, submission))
		error_now("cannot start a thread");
	watch = watch_begin("the end of a thread with requests in flight", WAIT_MS);
	pthread_join(thread, NULL);
	watch_end(watch);
}

static void expect_cancelled(struct trial *trial, struct agreed *result)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		int res = ring_await(&trial->ring, trial->flights[i].id).res;

		if (res != -ECANCELED && res != -EINTR && res != -EFAULT)
			fail("a request of a thread that has ended to be cancelled",
			     text("result %s", result_text(res)));
		agreed_add(result, text("%d", res));
	}
	settle();
	for (unsigned i = 0; i < trial->plan.flights; i++)
		if (flight_judge_unreported(&trial->flights[i], &trial->old[i]) != USED_NONE)
			fail("a cancelled request to move nothing", "it moved its bytes");
}

static void end_thread(struct run *run, struct trial_plan plan)
{
	struct agreed result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct submission submission = { .trial = &trial, .plan = plan, .rng = &run->rng };

		submit_in_thread(&submission);
		trial_let_go(&trial);
		expect_cancelled(&trial, &result);
		trial_close(&trial);
	}
	observe_agreed("result", &result);
}

static void armed_reads(struct run *run)
{
	end_thread(run, (struct trial_plan){
				.direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = FLIGHTS, .tagged = true });
}

static void queued_writes(struct run *run)
{
	end_thread(run, (struct trial_plan){
				.direction = FLIGHT_WRITE, .stage = STAGE_QUEUED, .flights = FLIGHTS });
}

static void linked_reads(struct run *run)
{
	end_thread(run, (struct trial_plan){
				.direction = FLIGHT_READ, .stage = STAGE_LINKED, .flights = FLIGHTS });
}

static void sqpoll_reads(struct run *run)
{
	const struct trial_plan plan = { .direction = FLIGHT_READ,
					 .stage = STAGE_LINKED,
					 .flights = FLIGHTS,
					 .ring_flags = IORING_SETUP_SQPOLL };
	struct findings findings = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct submission submission = { .trial = &trial, .plan = plan, .rng = &run->rng };

		submit_in_thread(&submission);
		trial_let_go(&trial);
		trial_land(&trial, &findings);
		if (trial.used_old != (1u << FLIGHTS) - 1)
			fail("the kernel thread's requests to move all their bytes", "one failed");
		trial_close(&trial);
	}
}

static const struct point points[] = {
	{ "armed-reads", "reads that wait for their pipes", 2, armed_reads },
	{ "queued-writes", "writes not issued yet, behind a busy worker", 2, queued_writes },
	{ "linked-reads", "reads linked behind plain reads that wait", 2, linked_reads },
	{ "sqpoll-reads", "linked reads that an SQPOLL thread has taken", 2, sqpoll_reads },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "thread-end",
		.summary = "the submitting thread ends while its fixed requests are in flight",
		.details =
			"Invariants: the requests of a thread that has ended complete once, cancelled, and\n"
			"move nothing (those of an SQPOLL thread go on); other threads can unregister and\n"
			"use the ring; nothing stays pinned.\n"
			"Tells no designs apart.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
