#define _GNU_SOURCE
#include "kworkers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"

#define LOOK_EVERY_MS 20

/* Reads a /proc file, as much of it as fits; an empty string when it cannot be read. */
static void read_some(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, buffer, size - 1) : -1;

	buffer[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void print_stack(const char *pid, char *stack)
{
	char *rest = stack;
	char *line;

	note("  kworker %s:", pid);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			note("    %s", line);
}

static bool is_busy_kworker(const char *pid, char *stack, size_t size)
{
	char name[64];

	read_some(text("/proc/%.16s/comm", pid), name, sizeof(name));
	if (strncmp(name, "kworker/", 8) != 0)
		return false;
	read_some(text("/proc/%.16s/stack", pid), stack, size);
	return strstr(stack, "io_ring_exit_work") != NULL;
}

static unsigned count_busy(bool print)
{
	unsigned count = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		char stack[4096];

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !is_busy_kworker(entry->d_name, stack, sizeof(stack)))
			continue;
		count++;
		if (print)
			print_stack(entry->d_name, stack);
	}
	if (proc)
		closedir(proc);
	return count;
}

bool kworkers_leave_rings(unsigned ms)
{
	struct deadline deadline = deadline_in_ms(ms);

	while (count_busy(false)) {
		if (deadline_passed(deadline))
			return count_busy(true) == 0;
		sleep_ms(LOOK_EVERY_MS);
	}
	return true;
}
