/*
 * The same races on a ring whose submissions a kernel thread takes (IORING_SETUP_SQPOLL): the
 * thread that submits, the task whose task work completes requests, and the one that unregisters
 * are three, and no system call of the application lies between submission and look-up.
 *
 * Each request is known to have been taken by the kernel's thread (the submission queue's head has
 * passed it) before anything is unregistered.
 *
 * Invariants, in every design:
 *   - each request completes exactly once: with all its bytes, or with EFAULT and none;
 *   - its bytes go to and come from the registered range and nowhere else;
 *   - memory that a request still uses stays pinned until the request has ended;
 *   - unregister returns in bounded time, also while the kernel's thread sleeps; the ring stays
 *     usable.
 *
 * Kernels: 5.11 and later; the queued point 5.15.
 *
 * Tells apart: selection at submission from look-up at issue (queued-read, linked-read, at-once).
 */
#include "at-once.h"
#include "clock.h"
#include "program.h"
#include "trial.h"

#define LONGEST_IDLE_MS 5000u

static void unregister_in_flight(struct run *run, enum direction direction, enum stage stage,
				 void (*prepare)(struct trial *trial))
{
	const struct trial_plan plan = {
		.direction = direction,
		.stage = stage,
		.flights = 4,
		.ring_flags = IORING_SETUP_SQPOLL,
	};

	experiment_unregister(run, plan, prepare);
}

static void issued_read(struct run *run)
{
	unregister_in_flight(run, FLIGHT_READ, STAGE_ISSUED, NULL);
}

static void issued_write(struct run *run)
{
	unregister_in_flight(run, FLIGHT_WRITE, STAGE_ISSUED, NULL);
}

static void queued_read(struct run *run)
{
	unregister_in_flight(run, FLIGHT_READ, STAGE_QUEUED, NULL);
}

static void linked_read(struct run *run)
{
	unregister_in_flight(run, FLIGHT_READ, STAGE_LINKED, NULL);
}

/* The kernel's thread has gone to sleep: only what unregister and the pipes do can wake it. */
static void await_idle_thread(struct trial *trial)
{
	struct deadline deadline = deadline_in_ms(LONGEST_IDLE_MS);

	while (!(IO_URING_READ_ONCE(*trial->ring.uring.sq.kflags) & IORING_SQ_NEED_WAKEUP)) {
		if (deadline_passed(deadline))
			fail_now(text("the idle SQPOLL thread asleep within %u ms", LONGEST_IDLE_MS),
				 "it does not ask to be woken up");
		sleep_ms(4);
	}
}

static void idle_thread(struct run *run)
{
	unregister_in_flight(run, FLIGHT_READ, STAGE_ARMED, await_idle_thread);
}

static void at_once(struct run *run)
{
	at_once_run(run, (struct at_once){ .direction = FLIGHT_READ,
					   .threads = 3,
					   .ring_flags = IORING_SETUP_SQPOLL });
}

static const struct point points[] = {
	{ "issued-read", "reads wait for their pipes; another thread unregisters", 1, issued_read },
	{ "issued-write", "writes wait for full pipes; another thread unregisters", 1, issued_write },
	{ "queued-read", "reads submitted but not issued, behind a busy worker", 1, queued_read },
	{ "linked-read", "reads linked behind plain reads that wait", 1, linked_read },
	{ "idle-thread", "reads wait for their pipes, the SQPOLL thread sleeps", 1, idle_thread },
	{ "at-once", "unregister as soon as the SQPOLL thread has taken the request", 45, at_once },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "sqpoll-unregister",
		.summary = "fixed requests of an SQPOLL ring while their buffers are unregistered",
		.details =
			"Invariants: a request completes once, with all its bytes or with EFAULT and none;\n"
			"bytes only in the registered range; memory in use stays pinned; unregister returns\n"
			"in bounded time, also while the kernel's thread sleeps.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
