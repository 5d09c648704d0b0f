/* Signals that interrupt a thread's system call and do nothing else. */
#ifndef RINGTRIAL_SIGNALS_H
#define RINGTRIAL_SIGNALS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The signal that is sent; its handler counts. `flags`: SA_RESTART or 0. */
#define INTERRUPT SIGUSR1

void signals_catch(int flags);
/* How many the process has taken. */
unsigned signals_taken(void);

/* A thread that sends one signal after the other to another thread. */
struct storm {
	pthread_t target;
	pthread_t thread;
	_Atomic bool over;
	unsigned sent;
};

void storm_begin(struct storm *storm, pthread_t target);
/* The target must still be there, or not have been joined yet. */
void storm_end(struct storm *storm);

#endif
