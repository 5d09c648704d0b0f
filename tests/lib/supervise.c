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

/* A point's process, as its supervisor sees it. */
struct supervised {
	pid_t child;
	int output; /* what it prints */
	struct point_outcome *shared;
	struct deadline program; /* when all points must be through */
	int wait_status;
};

/* Waits for the end of the process; false when it is still there at the deadline. */
static bool await_death(struct supervised *point, struct deadline deadline)
{
	bool closed = false;

	for (;;) {
		pid_t gone;

		if (closed)
			sleep_ms(2);
		else
			closed = relay(point->output, 20);
		gone = waitpid(point->child, &point->wait_status, WNOHANG);
		if (gone == point->child) {
			relay(point->output, 0);
			return true;
		}
		if (gone < 0 && errno != EINTR)
			return true;
		if (deadline_passed(deadline))
			return false;
	}
}

/* How long to wait for a process that is to die, given that the program must end, too. */
static unsigned patience_ms(const struct supervised *point, unsigned usual_ms)
{
	unsigned left_ms = deadline_left_ms(point->program);

	if (atomic_load(&point->shared->oopsed) || left_ms < HOPELESS_MS)
		return HOPELESS_MS;
	return left_ms < usual_ms ? left_ms : usual_ms;
}

/* As await_death(), but also gives up DEATH_MS after the point said that it had ended. */
static bool await_point(struct supervised *point, struct deadline deadline)
{
	while (!deadline_passed(deadline)) {
		if (await_death(point, deadline_in_ms(200)))
			return true;
		if (atomic_load(&point->shared->status) != POINT_RUNNING)
			return await_death(point, deadline_in_ms(patience_ms(point, DEATH_MS)));
	}
	return false;
}

static void end_stuck_point(struct supervised *point)
{
	if (atomic_load(&point->shared->status) == POINT_RUNNING) {
		note("expected the point to end within its time");
		note("saw it still running; its threads:");
	} else {
		note("expected the point's process to end soon after the point");
		note("saw it still there; its threads:");
	}
	tasks_print(point->child);
	kill(point->child, SIGKILL);
	if (!await_death(point, deadline_in_ms(patience_ms(point, KILL_MS))))
		note("it cannot be killed: it is stuck in the kernel and is left behind");
	set_outcome(point->shared, POINT_FAILED, "");
}

/* -1 when the process cannot be started. */
static pid_t start_child(const struct point *point, const struct run *run, struct point_outcome *shared,
			 int *output)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		run_child(point, run, ends[1], shared);
	}
	close(ends[1]);
	*output = ends[0];
	return child;
}

void supervise_point(const struct point *point, const struct run *run,
		     struct deadline program_deadline, struct point_outcome *outcome)
{
	struct supervised supervised = { .program = program_deadline, .output = -1 };
	unsigned allowed = deadline_left_ms(program_deadline);
	unsigned usual = POINT_MS + run->extra_ms;

	memset(outcome, 0, sizeof(*outcome));
	if (allowed < LEAST_POINT_MS) {
		set_outcome(outcome, POINT_ERROR, "no time left after the points before it");
		return;
	}
	signal(SIGTERM, die_with_child);
	signal(SIGINT, die_with_child);
	signal(SIGHUP, die_with_child);
	supervised.shared = mmap(NULL, sizeof(*supervised.shared), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (supervised.shared == MAP_FAILED) {
		set_outcome(outcome, POINT_ERROR, text("mmap: %s", strerror(errno)));
		return;
	}
	supervised.child = start_child(point, run, supervised.shared, &supervised.output);
	if (supervised.child < 0) {
		set_outcome(supervised.shared, POINT_ERROR, text("fork: %s", strerror(errno)));
	} else {
		child_to_kill = supervised.child;
		if (await_point(&supervised, deadline_in_ms(allowed < usual ? allowed : usual)))
			judge_death(supervised.wait_status, supervised.shared);
		else
			end_stuck_point(&supervised);
		child_to_kill = 0;
	}
	memcpy(outcome, supervised.shared, sizeof(*outcome));
	if (supervised.output >= 0)
		close(supervised.output);
	munmap(supervised.shared, sizeof(*supervised.shared));
}
