#include "samples.h"

#include <stdlib.h>
#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "clock.h"
#include "point.h"

/* A clock that is coarser than this cannot measure a system call. */
#define FINE_ENOUGH_NS 1000
#define CALIBRATION_NS 100000000

#ifdef __x86_64__
static double ns_per_count;

/* From one step of the coarse clock to another one. */
static void calibrate(void)
{
	int64_t start = clock_ns(), now;
	uint64_t first;

	while ((now = clock_ns()) == start)
		;
	first = __rdtsc();
	start = now;
	while ((now = clock_ns()) < start + CALIBRATION_NS)
		;
	ns_per_count = (double)(now - start) / (double)(__rdtsc() - first);
}
#endif

int64_t fine_ns(void)
{
#ifdef __x86_64__
	static int coarse = -1;
	struct timespec step;

	if (coarse < 0) {
		coarse = clock_getres(CLOCK_MONOTONIC, &step) == 0 && (step.tv_sec || step.tv_nsec > FINE_ENOUGH_NS);
		if (coarse)
			calibrate();
	}
	if (coarse)
		return (int64_t)((double)__rdtsc() * ns_per_count);
#endif
	return clock_ns();
}

void samples_add(struct samples *samples, int64_t ns)
{
	if (samples->count == samples->capacity) {
		samples->capacity = samples->capacity ? 2 * samples->capacity : 256;
		samples->values = realloc(samples->values, samples->capacity * sizeof(*samples->values));
		if (!samples->values)
			error_now("out of memory");
	}
	/* Counters of two processors may differ a little. */
	samples->values[samples->count++] = ns < 0 ? 0 : ns;
}

static int by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static void observe_rank(const struct samples *sorted, const char *name, const char *suffix, double part)
{
	size_t rank = (size_t)(part * (double)(sorted->count - 1) + 0.5);

	observe_measure(text("%s_%s", name, suffix), (double)sorted->values[rank], "ns");
}

void samples_print(struct samples *samples, const char *name)
{
	size_t step = (samples->count + MOST_PRINTED - 1) / MOST_PRINTED;

	if (samples->count) {
		for (size_t i = 0; i < samples->count; i += step)
			note("sample %s=%lld", name, (long long)samples->values[i]);
		qsort(samples->values, samples->count, sizeof(*samples->values), by_value);
		observe_rank(samples, name, "p50", 0.5);
		if (samples->count >= 1000)
			observe_rank(samples, name, "p99_9", 0.999);
		observe_rank(samples, name, "max", 1);
	}
	free(samples->values);
	*samples = (struct samples){ 0 };
}
