#define _GNU_SOURCE
#include "watch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "ring.h"
#include "tasks.h"

#define SLOTS 64
#define LOOK_EVERY_MS 100
/* Between an oops and the end of the point: the test may yet see for itself what went wrong. */
#define AFTER_OOPS_MS 1500u

static struct slot {
	_Atomic bool taken;
	/* 0 while the slot is being filled; written last, read first. */
	_Atomic int64_t due_ns;
	const char *what;
	unsigned allowed_ms;
	pid_t tid;
} slots[SLOTS];

static _Noreturn void end_with_state(void)
{
	/* The threads first: reading a ring's fdinfo is a call into a sick kernel. */
	tasks_print(getpid());
	rings_print();
	point_end();
}

/* -1 when there is no such file or no number in it. */
static long read_number(const char *path)
{
	char digits[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd >= 0) {
		got = read(fd, digits, sizeof(digits) - 1);
		close(fd);
	}
	return got > 0 ? strtol(digits, NULL, 10) : -1;
}

/*
 * How often the kernel has oopsed: /sys/kernel/oops_count (6.2, and in the later 6.1.y and 5.10.y),
 * else only whether it ever has, bit 7 of the taint flags (admin-guide/tainted-kernels). -1 when
 * neither can be read, as by a test that has become an unprivileged user.
 */
static long count_oopses(void)
{
	long count = read_number("/sys/kernel/oops_count");
	long taint = count < 0 ? read_number("/proc/sys/kernel/tainted") : 0;

	return count >= 0 ? count : taint < 0 ? -1 : taint >> 7 & 1;
}

static void look_for_overdue_calls(void)
{
	for (int i = 0; i < SLOTS; i++) {
		int64_t due = atomic_load(&slots[i].due_ns);

		if (!due || clock_ns() < due)
			continue;
		fail(text("%s to return within %u ms", slots[i].what, slots[i].allowed_ms),
		     text("it has not returned (thread %d); threads and rings:", slots[i].tid));
		end_with_state();
	}
}

static void *watchdog(void *unused)
{
	long oopses = count_oopses();

	(void)unused;
	for (;;) {
		sleep_ms(LOOK_EVERY_MS);
		look_for_overdue_calls();
		if (count_oopses() <= oopses)
			continue;
		point_note_oops();
		sleep_ms(AFTER_OOPS_MS);
		fail("the kernel to survive this point",
		     "it has oopsed (its log says where); threads and rings:");
		end_with_state();
	}
	return NULL;
}

void watch_begin_point(void)
{
	pthread_t thread;
	sigset_t all;
	sigset_t before;

	/* A signal that a test sends to its process is meant for the test's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (pthread_create(&thread, NULL, watchdog, NULL))
		error_now("cannot start the watchdog");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int watch_begin(const char *what, unsigned ms)
{
	for (int i = 0; i < SLOTS; i++) {
		bool free = false;

		if (!atomic_compare_exchange_strong(&slots[i].taken, &free, true))
			continue;
		slots[i].what = what;
		slots[i].allowed_ms = ms;
		slots[i].tid = gettid();
		atomic_store(&slots[i].due_ns, deadline_in_ms(ms).at_ns);
		return i;
	}
	error_now("more than %d watched calls at once", SLOTS);
}

void watch_end(int slot)
{
	atomic_store(&slots[slot].due_ns, 0);
	atomic_store(&slots[slot].taken, false);
}
