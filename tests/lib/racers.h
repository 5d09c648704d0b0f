/*
 * Threads that race, each with a ring and a stream of random numbers of its own. Many at once also
 * because every unregister waits for a grace period on the older kernels, and they share it.
 */
#ifndef RINGTRIAL_RACERS_H
#define RINGTRIAL_RACERS_H

#include <pthread.h>
#include <stdbool.h>

#include "point.h"
#include "rng.h"

struct racer {
	unsigned rounds; /* this racer's share */
	struct rng rng;
	const void *plan;
	unsigned requests; /* how many it made, and how many had the outcome that is counted */
	unsigned hits;
	void (*body)(struct racer *racer);
	pthread_t thread;
};

struct race {
	unsigned threads; /* 8 at most */
	void (*body)(struct racer *racer);
	const void *plan;
	const char *hit; /* the outcome that is counted: "efault", "new_memory" */
	/*
	 * In one design the outcome is impossible, and in the other so likely that all rounds together
	 * cannot miss it: then whether it was seen at all is an observation of the design.
	 */
	bool by_design;
};

/*
 * Shares `run->rounds` among the racers and waits for them. Observes `HIT`, how often of how many,
 * which timing decides, and, where the design does, `HIT_seen`, yes or no.
 */
void racers_run(struct run *run, const struct race *race);

#endif
