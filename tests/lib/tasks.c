#define _GNU_SOURCE
#include "tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "point.h"

#define MOST_THREADS_SHOWN 24

/* Reads a /proc file whole; an empty string when it cannot be read. */
static void read_proc(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = 0;

	while (fd >= 0 && used + 1 < size && (got = read(fd, buffer + used, size - used - 1)) > 0)
		used += (size_t)got;
	buffer[used] = '\0';
	if (fd >= 0)
		close(fd);
}

static void cut_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

/* The value after `label` in the text of a status file, as it stands there. */
static const char *field(const char *status, const char *label)
{
	const char *at = strstr(status, label);

	return at ? at + strlen(label) : "";
}

static struct task_sleep read_sleep(const char *directory)
{
	char status[4096];
	struct task_sleep sleep = { 0 };

	read_proc(text("%s/status", directory), status, sizeof(status));
	if (!*status)
		return sleep;
	sleep.state = *field(status, "\nState:\t");
	sleep.switches = strtoul(field(status, "\nvoluntary_ctxt_switches:\t"), NULL, 10) +
			 strtoul(field(status, "\nnonvoluntary_ctxt_switches:\t"), NULL, 10);
	return sleep;
}

struct task_sleep task_sleep(pid_t tid)
{
	return read_sleep(text("/proc/self/task/%d", tid));
}

static void print_stack(const char *directory)
{
	char stack[4096];
	char *line;
	char *rest = stack;

	read_proc(text("%s/stack", directory), stack, sizeof(stack));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			note("    %s", line);
}

void tasks_print(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	unsigned shown = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((entry = readdir(tasks)) && shown < MOST_THREADS_SHOWN) {
		char directory[96];
		char name[64];
		char wchan[96];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(directory, sizeof(directory), "%s/%.16s", path, entry->d_name);
		read_proc(text("%s/comm", directory), name, sizeof(name));
		read_proc(text("%s/wchan", directory), wchan, sizeof(wchan));
		cut_line(name);
		note("  thread %s (%s) state %c in %s", entry->d_name, name,
		     read_sleep(directory).state ?: '?', *wchan ? wchan : "?");
		print_stack(directory);
		shown++;
	}
	closedir(tasks);
}

/* Calls `matches` for each io-wq worker of this process; how many times it said yes. */
static unsigned count_workers(bool (*matches)(const char *directory, const void *wanted), const void *wanted)
{
	unsigned count = 0;
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");

	while (tasks && (entry = readdir(tasks))) {
		char directory[64];
		char name[64];

		snprintf(directory, sizeof(directory), "/proc/self/task/%.16s", entry->d_name);
		read_proc(text("%s/comm", directory), name, sizeof(name));
		/* io-wq's workers are named iou-wrk-PID (io_uring/io-wq.c). */
		count += strncmp(name, "iou-wrk-", 8) == 0 && matches(directory, wanted);
	}
	if (tasks)
		closedir(tasks);
	return count;
}

static bool waits_in(const char *directory, const void *wanted)
{
	char wchan[96];

	read_proc(text("%s/wchan", directory), wchan, sizeof(wchan));
	return strcmp(wchan, wanted) == 0;
}

unsigned tasks_workers_waiting_in(const char *wanted)
{
	return count_workers(waits_in, wanted);
}

/* pipe_read() and pipe_write() are called anon_pipe_read() and anon_pipe_write() from 6.15 on. */
unsigned tasks_workers_in_pipes(void)
{
	return tasks_workers_waiting_in("pipe_read") + tasks_workers_waiting_in("pipe_write") +
	       tasks_workers_waiting_in("anon_pipe_read") + tasks_workers_waiting_in("anon_pipe_write");
}

static bool is_in_state(const char *directory, const void *wanted)
{
	return read_sleep(directory).state == *(const char *)wanted;
}

unsigned tasks_workers_in_state(char state)
{
	return count_workers(is_in_state, &state);
}

static bool is_any(const char *directory, const void *wanted)
{
	(void)directory;
	(void)wanted;
	return true;
}

unsigned tasks_workers(void)
{
	return count_workers(is_any, NULL);
}
