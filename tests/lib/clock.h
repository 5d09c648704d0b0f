/*
 * Time and order.
 *
 * Time is for deadlines and for measurements only. A guest whose one clock source is the timer
 * tick (a microvm under TCG is such a one) tells time in steps of 4 ms, so "which came first" is
 * never read off a clock here: event_stamp() gives every event of the process a number.
 */
#ifndef RINGTRIAL_CLOCK_H
#define RINGTRIAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A kernel that checks every access is several times slower, and its watchdogs are more patient:
 * RINGTRIAL_TIME_SCALE in the environment (1, unless it says otherwise) stretches what follows.
 */
unsigned scaled_ms(unsigned ms);

/*
 * Longest wait for anything that a healthy kernel does at once. The guest's khungtaskd speaks
 * after 10 s and looks every 2 s: 15 s lets it name the culprit before the test gives up.
 */
#define WAIT_MS scaled_ms(15000u)

/*
 * A point as a whole, and the program as a whole: the suite's deadline for it is 40 s, and when
 * this one passes, the last point's process must still be killed and what it prints relayed.
 */
#define POINT_MS scaled_ms(21000u)
#define PROGRAM_MS scaled_ms(36000u)

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t clock_ns(void);
double ms_since(int64_t start_ns);
void sleep_ms(unsigned ms);

struct deadline {
	int64_t at_ns;
};

struct deadline deadline_in_ms(unsigned ms);
bool deadline_passed(struct deadline deadline);
/* Milliseconds that are left, rounded up; 0 when the deadline has passed. */
unsigned deadline_left_ms(struct deadline deadline);

/*
 * The next number of one sequence that all threads share. An event stamped before a system call
 * has a smaller number than whatever that call caused.
 */
uint64_t event_stamp(void);

#endif
