/*
 * One test point: what its code may say and how it ends.
 *
 * A point runs in a process of its own (see supervise.h), so any of its threads may leave it at
 * once: nothing needs unwinding, and the next point starts clean.
 *
 *   fail()       an invariant is broken; recorded, and the point goes on
 *   fail_now()   the same, and the point ends: going on would make no sense
 *   error_now()  the test itself could not do its work (set-up failed): ends the point
 *   skip_now()   the kernel lacks what the point needs: ends the point
 *
 * What is design rather than right or wrong is told with observe_*(). An observation without a
 * unit is compared exactly between kernels, so it must be caused by the kernel's design and
 * never by timing; a measurement has a unit and is only shown.
 */
#ifndef RINGTRIAL_POINT_H
#define RINGTRIAL_POINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

/* What a point is given: how often to repeat, and its own stream of random numbers. */
struct run {
	unsigned rounds;
	struct rng rng;
	unsigned extra_ms; /* besides POINT_MS, for a point that runs for a given time */
};

enum point_status {
	POINT_RUNNING,
	POINT_OK,
	POINT_FAILED,
	POINT_SKIPPED,
	POINT_ERROR,
};

/* Shared with the supervisor, because the point's process may die at any moment. */
struct point_outcome {
	_Atomic int status;
	_Atomic unsigned failures;
	_Atomic bool oopsed; /* the kernel has: processes that it left half-way may never end */
	char reason[192];
};

/* Called by the supervisor in the point's process, before the point's code. */
void point_begin(struct point_outcome *outcome);
/* Ends the point's process; failed when anything failed. */
_Noreturn void point_end(void);

/* The kernel has oopsed during this point. */
void point_note_oops(void);

/* At the end of a point that has failed, `print` adds what a person wants to know. */
void point_explain_failure(void (*print)(void));
bool point_has_failed(void);

void fail(const char *expected, const char *saw);
_Noreturn void fail_now(const char *expected, const char *saw);
_Noreturn void error_now(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip_now(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A formatted string that stays valid for the thread's next seven calls. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "-14 (EFAULT)" for a negated errno, the plain number for anything else. */
const char *result_text(long result);

/* One line of diagnostics, `# ...`. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void observe(const char *key, const char *value);
void observe_number(const char *key, long value);
void observe_measure(const char *key, double value, const char *unit);

/*
 * An observation made once a round, printed once: `key=value` when all rounds agree, else the
 * different values joined by `|`, which no other kernel will match.
 */
struct agreed {
	char values[4][24];
	unsigned count;
};

void agreed_add(struct agreed *agreed, const char *value);
void observe_agreed(const char *key, const struct agreed *agreed);

#endif
