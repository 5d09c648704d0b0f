#include "clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S 1000000000
#define MOST_SCALE 20

static _Atomic uint64_t last_stamp;

unsigned scaled_ms(unsigned ms)
{
	const char *scale = getenv("RINGTRIAL_TIME_SCALE");
	double factor = scale ? atof(scale) : 1;

	return factor > 1 && factor <= MOST_SCALE ? (unsigned)(ms * factor) : ms;
}

int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

double ms_since(int64_t start_ns)
{
	return (double)(clock_ns() - start_ns) / NS_PER_MS;
}

void sleep_ms(unsigned ms)
{
	struct timespec left = {
		.tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * NS_PER_MS,
	};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

struct deadline deadline_in_ms(unsigned ms)
{
	return (struct deadline){ .at_ns = clock_ns() + (int64_t)ms * NS_PER_MS };
}

bool deadline_passed(struct deadline deadline)
{
	return clock_ns() >= deadline.at_ns;
}

unsigned deadline_left_ms(struct deadline deadline)
{
	int64_t left = deadline.at_ns - clock_ns();

	return left <= 0 ? 0 : (unsigned)((left + NS_PER_MS - 1) / NS_PER_MS);
}

uint64_t event_stamp(void)
{
	return atomic_fetch_add(&last_stamp, 1) + 1;
}
