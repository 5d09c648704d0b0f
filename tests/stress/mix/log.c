#define _GNU_SOURCE
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"

#define ENTRIES 4096
#define MOST_PRINTED 400
#define LAST_MS 2000

static struct entry {
	_Atomic uint64_t number; /* written last: 0 while the entry is being filled */
	double at_ms;
	unsigned ring;
	pid_t thread;
	char what[88];
} entries[ENTRIES];

static _Atomic uint64_t last;
static int64_t started_ns;

void log_start(void)
{
	started_ns = clock_ns();
}

void log_operation(unsigned ring, const char *format, ...)
{
	struct entry *entry;
	va_list arguments;
	uint64_t number;

	/* What came before the first failure is of interest, not what came after it. */
	if (point_has_failed())
		return;
	number = atomic_fetch_add(&last, 1) + 1;
	entry = &entries[number % ENTRIES];
	atomic_store(&entry->number, 0);
	entry->at_ms = ms_since(started_ns);
	entry->ring = ring;
	entry->thread = gettid();
	va_start(arguments, format);
	vsnprintf(entry->what, sizeof(entry->what), format, arguments);
	va_end(arguments);
	atomic_store(&entry->number, number);
}

void log_print(void)
{
	uint64_t end = atomic_load(&last);
	uint64_t from = end > MOST_PRINTED ? end - MOST_PRINTED : 0;
	double until = entries[end % ENTRIES].at_ms;

	note("what the threads did last, up to the first failure (milliseconds, thread, ring, operation):");
	for (uint64_t number = from + 1; number <= end; number++) {
		const struct entry *entry = &entries[number % ENTRIES];

		if (atomic_load(&entry->number) == number && entry->at_ms > until - LAST_MS)
			note("  %9.1f %6d ring %u: %s", entry->at_ms, entry->thread, entry->ring, entry->what);
	}
}
