/*
 * The task that submitted fixed requests ends with them in flight: it exits, executes another
 * program (that inherits the ring, or not), or is killed while it waits or unregisters.
 *
 * Invariants, in every design:
 *   - within five seconds nothing is pinned any more and no kernel thread works for the ring;
 *   - a task can be killed while it unregisters, whatever unregister waits for;
 *   - memory that counted as locked counts no more.
 *
 * Kernels: 6.1 and later (one of the rings is a DEFER_TASKRUN one).
 *
 * Tells no designs apart: all of them must clean up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "call.h"
#include "child.h"
#include "clock.h"
#include "limited.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"

#define NOBODY 65534
#define FLIGHTS 4
/*
 * The limit allows the buffers of one task and its ring (whose own memory counts from 6.13 on), and
 * not those of two.
 */
#define TASK_PAGES (FLIGHTS * BUFFER_PAGES)
#define LIMIT_PAGES (TASK_PAGES * 5 / 3)

static const struct trial_plan plans[] = {
	{ .direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = FLIGHTS, .tagged = true },
	{ .direction = FLIGHT_READ, .stage = STAGE_QUEUED, .flights = FLIGHTS, .tagged = true },
	{ .direction = FLIGHT_WRITE, .stage = STAGE_ISSUED, .flights = FLIGHTS },
	{ .direction = FLIGHT_READ, .stage = STAGE_LINKED, .flights = FLIGHTS, .tagged = true,
	  .ring_flags = IORING_SETUP_SQPOLL },
	{ .direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = FLIGHTS,
	  .ring_flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER },
};

/* All of them in turn, from any of them on. */
static const struct trial_plan *plan_of(unsigned round, struct rng *rng)
{
	const unsigned count = sizeof(plans) / sizeof(plans[0]);
	static unsigned first = UINT_MAX;

	if (first == UINT_MAX)
		first = (unsigned)rng_below(rng, count);
	return &plans[(first + round) % count];
}

/* The other program is this one: it prints its list of points, to nowhere, and exits with 0. */
static _Noreturn void execute(bool keeps_ring, const struct trial *trial)
{
	int null = open("/dev/null", O_WRONLY);

	if (keeps_ring)
		fcntl(trial->ring.uring.ring_fd, F_SETFD, 0);
	dup2(null, STDOUT_FILENO);
	execl("/proc/self/exe", "task-end", "--list", (char *)NULL);
	_exit(1);
}

enum ending {
	END_EXIT,
	END_EXEC,
	END_EXEC_WITH_RING,
	END_KILL,
	END_EXEC_IN_UNREGISTER,
	END_KILL_IN_UNREGISTER,
};

static _Noreturn void live_and_end(const struct trial_plan *plan, struct rng *rng, enum ending ending,
				   const struct child *self)
{
	static struct trial trial;
	static struct call unregister;

	/* With SINGLE_ISSUER no other thread may unregister. */
	bool is_alone = plan->ring_flags & IORING_SETUP_SINGLE_ISSUER;

	trial_open(&trial, *plan, rng);
	if (ending == END_KILL_IN_UNREGISTER && is_alone) {
		child_say(self);
		trial_unregister(&trial);
	} else if (ending >= END_EXEC_IN_UNREGISTER && !is_alone) {
		call_init(&unregister, "unregister", trial_unregister, &trial);
		call_start(&unregister);
		call_returns_or_waits(&unregister);
	}
	if (ending != END_KILL_IN_UNREGISTER || unregister.what)
		child_say(self);
	if (ending == END_EXIT)
		_exit(CHILD_DONE);
	if (ending == END_EXEC || ending == END_EXEC_WITH_RING || ending == END_EXEC_IN_UNREGISTER)
		execute(ending == END_EXEC_WITH_RING, &trial);
	/* Killed in the wait for a completion that nobody brings. */
	ring_await(&trial.ring, trial.flights[0].id);
	_exit(1);
}

/* One task's life; returns when its process is gone. */
static void end_once(struct run *run, unsigned round, enum ending ending)
{
	const struct trial_plan *plan = plan_of(round, &run->rng);
	struct child child;

	if (child_start(&child) == CHILD_SELF)
		live_and_end(plan, &run->rng, ending, &child);
	child_await_word(&child);
	if (ending == END_KILL_IN_UNREGISTER)
		settle();
	if (ending == END_KILL || ending == END_KILL_IN_UNREGISTER) {
		kill(child.pid, SIGKILL);
		child_expect_end(&child, SIGKILL);
	} else if (ending == END_EXIT) {
		child_expect_end(&child, CHILD_DONE << 8);
	} else {
		child_expect_end(&child, 0);
	}
}

static void end_often(struct run *run, enum ending ending)
{
	double longest_ms = 0;

	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest();
		int64_t start;

		end_once(run, round, ending);
		start = clock_ns();
		task_gone(pins);
		if (ms_since(start) > longest_ms)
			longest_ms = ms_since(start);
	}
	rings_gone();
	observe_measure("gone_after_ms", longest_ms, "ms");
}

static void exits(struct run *run)
{
	end_often(run, END_EXIT);
}

static void executes(struct run *run)
{
	end_often(run, END_EXEC);
}

static void executes_with_ring(struct run *run)
{
	end_often(run, END_EXEC_WITH_RING);
}

static void killed(struct run *run)
{
	end_often(run, END_KILL);
}

static void executes_in_unregister(struct run *run)
{
	end_often(run, END_EXEC_IN_UNREGISTER);
}

static void killed_in_unregister(struct run *run)
{
	end_often(run, END_KILL_IN_UNREGISTER);
}

/* As nobody, who may lock the memory of one such task at a time. */
static void memory_limit(struct run *run)
{
	static const enum ending endings[] = { END_EXIT, END_EXEC, END_KILL };
	struct iovec buffer;
	struct region region;
	struct ring ring;

	limit_locked_memory(LIMIT_PAGES);
	if (geteuid() == 0 && setuid(NOBODY) < 0)
		error_now("cannot become an unprivileged user: %s", strerror(errno));
	prctl(PR_SET_DUMPABLE, 1);
	region_map(&region, TASK_PAGES, "memory that counts as locked");
	buffer = region_iovec(&region);
	for (unsigned round = 0; round < run->rounds; round++) {
		int64_t start;
		int res;

		end_once(run, round, endings[round % 3]);
		start = clock_ns();
		ring_open(&ring, (struct ring_options){ .entries = 4 });
		while ((res = register_buffers(&ring, &buffer, 1, NULL)) == -ENOMEM &&
		       ms_since(start) < TASK_GONE_MS)
			sleep_ms(10);
		if (res < 0)
			fail_now(text("the task's locked memory to count no more %u ms after its end",
				      TASK_GONE_MS),
				 text("register gives %s", result_text(res)));
		unregister_buffers(&ring);
		ring_close(&ring);
	}
}

static const struct point points[] = {
	{ "exit", "the process exits", 5, exits },
	{ "exec", "the process executes another program", 5, executes },
	{ "exec-with-ring", "the same, and the other program inherits the ring", 5, executes_with_ring },
	{ "exec-in-unregister", "the same, while a thread of the process unregisters", 3,
	  executes_in_unregister },
	{ "killed", "the process is killed while it waits for completions", 5, killed },
	{ "killed-in-unregister", "the process is killed while a thread of it unregisters", 2,
	  killed_in_unregister },
	{ "memory-limit", "locked memory of tasks that ended counts no more", 3, memory_limit },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "task-end",
		.summary = "exit, exec and SIGKILL of the task whose fixed requests are in flight",
		.details =
			"Invariants: within five seconds of the task's end nothing is pinned, nothing counts\n"
			"as locked and no kernel thread works for the ring; a task that unregisters can be\n"
			"killed.\n"
			"Tells no designs apart: all of them must clean up.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
