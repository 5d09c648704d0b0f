#define _GNU_SOURCE
#include "point.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A broken kernel breaks every round alike; the first few failures tell it all. */
#define MOST_FAILURES_SHOWN 8

static struct point_outcome *current;
static void (*explain)(void);

void point_begin(struct point_outcome *outcome)
{
	current = outcome;
}

static _Noreturn void leave(enum point_status status)
{
	int running = POINT_RUNNING;

	if (explain && status == POINT_FAILED)
		explain();
	fflush(stdout);
	/* Two threads may end the point at once; the first one has the say. */
	atomic_compare_exchange_strong(&current->status, &running, status);
	_exit(0);
}

void point_end(void)
{
	unsigned failures = atomic_load(&current->failures);

	if (failures > MOST_FAILURES_SHOWN)
		note("%u failures in all", failures);
	leave(failures ? POINT_FAILED : POINT_OK);
}

void point_explain_failure(void (*print)(void))
{
	explain = print;
}

bool point_has_failed(void)
{
	return atomic_load(&current->failures) != 0;
}

void point_note_oops(void)
{
	atomic_store(&current->oopsed, true);
}

void fail(const char *expected, const char *saw)
{
	if (atomic_fetch_add(&current->failures, 1) >= MOST_FAILURES_SHOWN)
		return;
	flockfile(stdout);
	note("expected %s", expected);
	note("saw %s", saw);
	funlockfile(stdout);
}

void fail_now(const char *expected, const char *saw)
{
	fail(expected, saw);
	point_end();
}

void error_now(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(current->reason, sizeof(current->reason), format, arguments);
	va_end(arguments);
	/* A point that had seen the kernel fail stays a failure, whatever broke afterwards. */
	if (atomic_load(&current->failures)) {
		note("could not go on: %s", current->reason);
		leave(POINT_FAILED);
	}
	leave(POINT_ERROR);
}

void skip_now(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(current->reason, sizeof(current->reason), format, arguments);
	va_end(arguments);
	leave(atomic_load(&current->failures) ? POINT_FAILED : POINT_SKIPPED);
}

const char *text(const char *format, ...)
{
	static _Thread_local char buffers[8][256];
	static _Thread_local unsigned turn;
	char *buffer = buffers[turn++ % 8];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer, sizeof(buffers[0]), format, arguments);
	va_end(arguments);
	return buffer;
}

const char *result_text(long result)
{
	const char *name = result < 0 && result > -4096 ? strerrorname_np((int)-result) : NULL;

	return name ? text("%ld (%s)", result, name) : text("%ld", result);
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	flockfile(stdout);
	fputs("# ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	funlockfile(stdout);
	va_end(arguments);
}

void observe(const char *key, const char *value)
{
	note("observe %s=%s", key, value);
}

void observe_number(const char *key, long value)
{
	note("observe %s=%ld", key, value);
}

void observe_measure(const char *key, double value, const char *unit)
{
	note("observe %s=%.10g %s", key, value, unit);
}

void agreed_add(struct agreed *agreed, const char *value)
{
	for (unsigned i = 0; i < agreed->count; i++)
		if (strcmp(agreed->values[i], value) == 0)
			return;
	if (agreed->count == sizeof(agreed->values) / sizeof(agreed->values[0]))
		return;
	snprintf(agreed->values[agreed->count++], sizeof(agreed->values[0]), "%s", value);
}

void observe_agreed(const char *key, const struct agreed *agreed)
{
	char sorted[sizeof(agreed->values) + 4] = "";
	const char *previous = "";

	/* In the order of the alphabet, so that two runs that saw the same print the same. */
	for (unsigned i = 0; i < agreed->count; i++) {
		const char *next = NULL;

		for (unsigned j = 0; j < agreed->count; j++)
			if (strcmp(agreed->values[j], previous) > 0 &&
			    (!next || strcmp(agreed->values[j], next) < 0))
				next = agreed->values[j];
		if (i)
			strcat(sorted, "|");
		strcat(sorted, next);
		previous = next;
	}
	if (agreed->count)
		observe(key, sorted);
}
