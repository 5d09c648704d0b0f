#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "kworkers.h"
#include "pins.h"
#include "point.h"
#include "watch.h"

enum child_side child_start(struct child *child)
{
	if (pipe2(child->to_parent, O_CLOEXEC) < 0 || pipe2(child->to_child, O_CLOEXEC) < 0)
		error_now("pipe: %s", strerror(errno));
	child->pid = fork();
	if (child->pid < 0)
		error_now("fork: %s", strerror(errno));
	if (child->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(child->to_parent[0]);
		close(child->to_child[1]);
		return CHILD_SELF;
	}
	close(child->to_parent[1]);
	close(child->to_child[0]);
	return CHILD_PARENT;
}

void child_say(const struct child *child)
{
	if (write(child->to_parent[1], "x", 1) != 1)
		_exit(1);
}

void child_await_parent(const struct child *child)
{
	char byte;

	if (read(child->to_child[0], &byte, 1) != 1)
		_exit(1);
}

static int await_end(struct child *child)
{
	int status = 0;
	int watch = watch_begin("the end of a process", WAIT_MS);

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	watch_end(watch);
	close(child->to_parent[0]);
	close(child->to_child[1]);
	return status;
}

void child_await_word(struct child *child)
{
	int watch = watch_begin("a process to come as far as it should", WAIT_MS);
	char byte;
	ssize_t got = read(child->to_parent[0], &byte, 1);
	int status;

	watch_end(watch);
	if (got == 1)
		return;
	status = await_end(child);
	/* With status 0 it has said why, in the outcome that all processes of a point share. */
	if (status != 0)
		fail_now("a process to come as far as it should", text("its end, status 0x%x", status));
	point_end();
}

void child_tell(const struct child *child)
{
	if (write(child->to_child[1], "x", 1) != 1)
		error_now("a child does not listen: %s", strerror(errno));
}

void child_expect_end(struct child *child, int status)
{
	int seen = await_end(child);

	if (seen == status)
		return;
	if (seen != 0)
		fail_now(text("a process to end with status 0x%x", status), text("status 0x%x", seen));
	point_end();
}

void task_gone(long pins_before)
{
	if (pins_before >= 0 && !pins_fall_to(pins_before, TASK_GONE_MS))
		fail_now(text("nothing of the task pinned %u ms after its end", TASK_GONE_MS),
			 text("%ld pages pinned, %ld before", pins_outstanding(), pins_before));
}

void rings_gone(void)
{
	if (!kworkers_leave_rings(TASK_GONE_MS))
		fail_now(text("every ring taken down %u ms after its end", TASK_GONE_MS),
			 "a kernel thread is still at it");
}
