/* A thread that does something so often a second, until it is told to stop. */
#ifndef RINGTRIAL_CHURN_H
#define RINGTRIAL_CHURN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct churn {
	void (*once)(void *argument);
	void *argument;
	unsigned per_second; /* 0: no thread, nothing is done */
	unsigned done;
	_Atomic bool over;
	pthread_t thread;
};

void churn_begin(struct churn *churn, unsigned per_second, void (*once)(void *argument), void *argument);
/* Waits for the thread's end; `done` is how often it was. */
void churn_end(struct churn *churn);

#endif
