/*
 * The process that has fixed requests in flight forks; the child ends before the requests or stays,
 * or the process is killed and leaves its ring to the child.
 *
 * Invariants, in every design:
 *   - a fork, and the end of the child, change nothing for the requests: each moves all its bytes,
 *     from and to the parent's memory, and no byte of them comes into the child's copy;
 *   - whoever has inherited the ring can unregister its buffers, with success, at the latest when
 *     what the dead process's requests wait for has come true;
 *   - after that nothing stays pinned, though the ring is still there.
 *
 * Kernels: 5.12 and later (before, a fork could move the parent off its pinned pages); the points
 * with queued requests 5.15.
 *
 * Tells apart, if anything: unregister that waits for requests, here those of a process that is no
 * more (unregister_waited=yes).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "child.h"
#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

#define FLIGHTS 4
/* Of a child: what it found wrong. */
#define MEMORY_CHANGED 43

static bool all_untouched(const struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++)
		if (pattern_mismatch(trial->old[i].base, trial->old[i].pattern, 0, trial->old[i].length) >= 0)
			return false;
	return true;
}

static void forks(struct run *run, enum stage stage, bool child_ends_first)
{
	const struct trial_plan plan = {
		.direction = FLIGHT_READ, .stage = stage, .flights = FLIGHTS, .tagged = true
	};
	struct findings findings = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct child child;

		trial_open(&trial, plan, &run->rng);
		if (child_start(&child) == CHILD_SELF) {
			child_say(&child);
			if (!child_ends_first)
				child_await_parent(&child);
			_exit(all_untouched(&trial) ? CHILD_DONE : MEMORY_CHANGED);
		}
		child_await_word(&child);
		if (child_ends_first)
			child_expect_end(&child, CHILD_DONE << 8);
		trial_let_go(&trial);
		trial_land(&trial, &findings);
		if (trial.used_old != (1u << FLIGHTS) - 1)
			fail("every request to move all its bytes, whatever a child does", "one failed");
		if (!child_ends_first) {
			child_tell(&child);
			child_expect_end(&child, CHILD_DONE << 8);
		}
		trial_close(&trial);
	}
}

/* The fork comes while another thread unregisters: the child is there until that has returned. */
static void in_unregister(struct run *run)
{
	const struct trial_plan plan = {
		.direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = FLIGHTS
	};
	struct findings findings = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct child child;
		struct call call;

		trial_open(&trial, plan, &run->rng);
		call_init(&call, "unregister, and a fork meanwhile", trial_unregister, &trial);
		call_start(&call);
		trial.waited = call_returns_or_waits(&call) ? WAITED_NO : WAITED_YES;
		if (child_start(&child) == CHILD_SELF) {
			child_await_parent(&child);
			_exit(all_untouched(&trial) ? CHILD_DONE : MEMORY_CHANGED);
		}
		trial_let_go(&trial);
		if (call_end(&call) != 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		trial_land(&trial, &findings);
		child_tell(&child);
		child_expect_end(&child, CHILD_DONE << 8);
		trial_close(&trial);
	}
	observe_agreed("unregister_waited", &findings.waited);
	observe_agreed("result", &findings.result);
}

static void child_stays(struct run *run)
{
	forks(run, STAGE_ARMED, false);
}

static void child_ends(struct run *run)
{
	forks(run, STAGE_QUEUED, true);
}

/* What the heir of a ring tells the point. */
struct inheritance {
	_Atomic bool done;
	bool waited;
	int result;
};

/* Sees its parent, the ring's owner, die, unregisters, and ends when the point says so. */
static _Noreturn void inherit(struct trial *trial, const struct child *heir, pid_t owner,
			      struct inheritance *inheritance)
{
	struct call unregister;

	child_say(heir);
	while (getppid() == owner)
		sleep_ms(2);
	call_init(&unregister, "unregister", trial_unregister, trial);
	call_start(&unregister);
	inheritance->waited = !call_returns_or_waits(&unregister);
	trial_let_go(trial);
	inheritance->result = (int)call_end(&unregister);
	atomic_store(&inheritance->done, true);
	child_await_parent(heir);
	_exit(CHILD_DONE);
}

static _Noreturn void own_and_die(struct run *run, const struct trial_plan *plan,
				  const struct child *heir, struct inheritance *inheritance)
{
	static struct trial trial;
	pid_t owner = getpid();

	trial_open(&trial, *plan, &run->rng);
	if (fork() == 0)
		inherit(&trial, heir, owner, inheritance);
	for (;;)
		pause();
}

static void await_unregistered(struct inheritance *inheritance, long pins)
{
	struct deadline deadline = deadline_in_ms(WAIT_MS);

	while (!atomic_load(&inheritance->done)) {
		if (deadline_passed(deadline))
			fail_now("the heir of a ring to unregister its buffers", "it has not returned");
		sleep_ms(4);
	}
	if (inheritance->result != 0)
		fail("the heir of a ring to unregister its buffers",
		     text("result %s", result_text(inheritance->result)));
	/* The ring lives on in the heir: it is the unregistration that lets go of the pages. */
	if (pins >= 0 && !pins_fall_to(pins, TASK_GONE_MS))
		fail("nothing pinned after the heir's unregister",
		     text("%ld pages pinned, %ld before", pins_outstanding(), pins));
}

/* The owner of the ring is killed; its child has the ring, too, and unregisters. */
static void leave_ring(struct run *run, const struct trial_plan plan)
{
	struct inheritance *inheritance = mmap(NULL, sizeof(*inheritance), PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct agreed waited = { 0 };

	if (inheritance == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		error_now("cannot prepare for a child's child: %s", strerror(errno));
	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest();
		struct child owner;
		int status = 0;

		*inheritance = (struct inheritance){ 0 };
		if (child_start(&owner) == CHILD_SELF)
			own_and_die(run, &plan, &owner, inheritance);
		child_await_word(&owner);
		kill(owner.pid, SIGKILL);
		await_unregistered(inheritance, pins);
		child_tell(&owner);
		child_expect_end(&owner, SIGKILL);
		/* The heir has become this process's child. */
		if (wait(&status) > 0 && status != CHILD_DONE << 8)
			fail("the heir to end well", text("status 0x%x", status));
		task_gone(pins);
		agreed_add(&waited, inheritance->waited ? "yes" : "no");
	}
	rings_gone();
	/* Requests that were not issued are cancelled when the process dies: nobody is left to wait for. */
	if (plan.stage == STAGE_ARMED)
		observe_agreed("unregister_waited", &waited);
}

static void heir(struct run *run)
{
	leave_ring(run, (struct trial_plan){
				.direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = FLIGHTS, .tagged = true });
}

static void heir_queued(struct run *run)
{
	leave_ring(run, (struct trial_plan){
				.direction = FLIGHT_WRITE, .stage = STAGE_QUEUED, .flights = FLIGHTS });
}

static const struct point points[] = {
	{ "child-stays", "the process forks; the child stays until the requests have ended", 2, child_stays },
	{ "child-ends", "the process forks; the child ends before the requests", 2, child_ends },
	{ "in-unregister", "the process forks while a thread of it unregisters", 2, in_unregister },
	{ "heir", "the process is killed, its requests wait for pipes; its child unregisters", 2, heir },
	{ "heir-queued", "the same with requests that were not issued yet", 2, heir_queued },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "task-fork",
		.summary = "fork with fixed requests in flight, and a ring inherited by the child",
		.details =
			"Invariants: a fork changes nothing for the requests, and nothing of them comes into\n"
			"the child's memory; who inherits a ring can unregister its buffers, and nothing\n"
			"stays pinned then.\n"
			"Tells apart: unregister that waits for requests of a process that is no more.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
