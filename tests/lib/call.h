/*
 * A call that may wait, made by one thread and looked at by another: has it returned, or does it
 * really wait for something that the test holds back?
 */
#ifndef RINGTRIAL_CALL_H
#define RINGTRIAL_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct call {
	const char *what;
	long (*function)(void *argument);
	void *argument;
	pthread_t thread;
	bool own_thread;
	_Atomic pid_t tid;
	_Atomic uint64_t returned_at; /* event_stamp() right after the return, 0 before */
	long result;
	int64_t started_ns;
	double took_ms;
};

void call_init(struct call *call, const char *what, long (*function)(void *argument), void *argument);
/* Makes the call in a thread of its own. */
void call_start(struct call *call);
/* Makes the call in this thread, for another one to look at. */
void call_here(struct call *call);

bool call_returned(const struct call *call);
/*
 * Waits until the call has returned (true), or until it sleeps and goes on sleeping although
 * everything else that was set in motion has happened (false; see settle.h).
 */
bool call_returns_or_waits(struct call *call);
/* Waits for the return and joins; fails the point when it does not come within WAIT_MS. */
long call_end(struct call *call);

#endif
