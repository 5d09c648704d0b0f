/*
 * Measurements: many of a kind, printed as samples for whoever compares kernels, and as a few figures
 * for whoever reads.
 *
 *   # sample NAME=VALUE        nanoseconds; at most MOST_PRINTED of a name, spread over the run
 *   # observe NAME_p50=... ns  also p99.9 and max
 */
#ifndef RINGTRIAL_SAMPLES_H
#define RINGTRIAL_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#define MOST_PRINTED 200

/*
 * Nanoseconds since some moment, finer than clock_ns() where that one goes in steps of a timer tick:
 * then by the processor's time-stamp counter, whose rate is measured by the first call (100 ms).
 */
int64_t fine_ns(void);

struct samples {
	int64_t *values;
	size_t count;
	size_t capacity;
};

void samples_add(struct samples *samples, int64_t ns);
/* Prints them and forgets them; nothing when there are none. */
void samples_print(struct samples *samples, const char *name);

#endif
