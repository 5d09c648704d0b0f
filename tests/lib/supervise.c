#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tasks.h"
#include "watch.h"

/* How long a process may take to die: its rings' requests are cancelled on the way. */
#define DEATH_MS 4000u
#define KILL_MS 1000u
/* After an oops: what has not died at once will not. */
#define HOPELESS_MS 300u
#define LEAST_POINT_MS 1000u

static volatile sig_atomic_t child_to_kill;

static void die_with_child(int signal_number)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	/* A child that is stuck in the kernel is left to init. */
	if (child_to_kill > 0) {
		kill(child_to_kill, SIGKILL);
		for (int i = 0; i < 100 && waitpid(child_to_kill, NULL, WNOHANG) == 0; i++)
			nanosleep(&pause, NULL);
	}
	_exit(128 + signal_number);
}

/* Copies what the point has printed so far; true when all writers have closed the pipe. */
static bool relay(int from, int wait_ms)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	char buffer[4096];
	ssize_t got;

	if (poll(&ready, 1, wait_ms) <= 0)
		return false;
	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)got, stdout);
	fflush(stdout);
	return got == 0;
}

static _Noreturn void run_child(const struct point *point, const struct run *run, int stdout_fd,
				struct point_outcome *shared)
{
	struct run own = *run;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* The points write to pipes whose readers come and go; they look at EPIPE instead. */
	signal(SIGPIPE, SIG_IGN);
	dup2(stdout_fd, STDOUT_FILENO);
	close(stdout_fd);
	point_begin(shared);
	watch_begin_point();
	point->run(&own);
	point_end();
}

static void set_outcome(struct point_outcome *outcome, enum point_status status, const char *reason)
{
	atomic_store(&outcome->status, status);
	snprintf(outcome->reason, sizeof(outcome->reason), "%s", reason);
}

/* The process is gone; says how, unless the point had ended in good order. */
static void judge_death(int wait_status, struct point_outcome *outcome)
{
	if (atomic_load(&outcome->status) != POINT_RUNNING)
		return;
	note("expected the point to come to its end");
	if (WIFSIGNALED(wait_status)) {
		note("saw its process killed by signal %d (%s)", WTERMSIG(wait_status),
		     strsignal(WTERMSIG(wait_status)));
		/* Nobody here sends SIGKILL at this stage: that was the kernel, out of memory. */
		if (WTERMSIG(wait_status) == SIGKILL) {
			set_outcome(outcome, POINT_ERROR, "killed, probably out of memory");
			return;
		}
	} else {
		note("saw its process exit with status %d", WEXITSTATUS(wait_status));
	}
	set_outcome(outcome, POINT_FAILED, "");
}

/* Waits for the end of the process; false when it is still there at the deadline. */
static bool await_death(pid_t child, int output, struct deadline deadline, int *wait_status)
{
	bool closed = false;

	for (;;) {
		pid_t gone;

		if (closed)
			sleep_ms(2);
		else
			closed = relay(output, 20);
		gone = waitpid(child, wait_status, WNOHANG);
		if (gone == child) {
			relay(output, 0);
			return true;
		}
		if (gone < 0 && errno != EINTR)
			return true;
		if (deadline_passed(deadline))
			return false;
	}
}

static unsigned patience_ms(const struct point_outcome *outcome, unsigned usual_ms)
{
	return atomic_load(&outcome->oopsed) ? HOPELESS_MS : usual_ms;
}

/* As await_death(), but also gives up DEATH_MS after the point said that it had ended. */
static bool await_point(pid_t child, int output, struct deadline deadline,
			const struct point_outcome *shared, int *wait_status)
{
	while (!deadline_passed(deadline)) {
		if (await_death(child, output, deadline_in_ms(200), wait_status))
			return true;
		if (atomic_load(&shared->status) != POINT_RUNNING)
			return await_death(child, output,
					   deadline_in_ms(patience_ms(shared, DEATH_MS)),
					   wait_status);
	}
	return false;
}

static void end_stuck_point(pid_t child, int output, struct point_outcome *outcome)
{
	int wait_status;

	if (atomic_load(&outcome->status) == POINT_RUNNING) {
		note("expected the point to end within its time");
		note("saw it still running; its threads:");
	} else {
		note("expected the point's process to end within %u ms", patience_ms(outcome, DEATH_MS));
		note("saw it still there; its threads:");
	}
	tasks_print(child);
	kill(child, SIGKILL);
	if (!await_death(child, output, deadline_in_ms(patience_ms(outcome, KILL_MS)), &wait_status))
		note("it cannot be killed: it is stuck in the kernel and is left behind");
	set_outcome(outcome, POINT_FAILED, "");
}

void supervise_point(const struct point *point, const struct run *run,
		     struct deadline program_deadline, struct point_outcome *outcome)
{
	unsigned allowed = deadline_left_ms(program_deadline);
	struct point_outcome *shared;
	int wait_status = 0;
	int output[2];
	pid_t child;

	memset(outcome, 0, sizeof(*outcome));
	if (allowed < LEAST_POINT_MS) {
		set_outcome(outcome, POINT_ERROR, "no time left after the points before it");
		return;
	}
	if (allowed > POINT_MS)
		allowed = POINT_MS;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe2(output, O_CLOEXEC) < 0) {
		set_outcome(outcome, POINT_ERROR, text("set-up: %s", strerror(errno)));
		return;
	}
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	signal(SIGTERM, die_with_child);
	signal(SIGINT, die_with_child);
	signal(SIGHUP, die_with_child);

	fflush(stdout);
	child = fork();
	if (child < 0) {
		set_outcome(outcome, POINT_ERROR, text("fork: %s", strerror(errno)));
	} else if (child == 0) {
		close(output[0]);
		run_child(point, run, output[1], shared);
	} else {
		child_to_kill = child;
		close(output[1]);
		if (await_point(child, output[0], deadline_in_ms(allowed), shared, &wait_status))
			judge_death(wait_status, shared);
		else
			end_stuck_point(child, output[0], shared);
		child_to_kill = 0;
		memcpy(outcome, shared, sizeof(*outcome));
	}
	close(output[0]);
	munmap(shared, sizeof(*shared));
}
