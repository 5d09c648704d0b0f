#define _GNU_SOURCE
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "point.h"

/* Often enough to hit every wait, and rarely enough for the target to get something done. */
#define PAUSE_US 300

static _Atomic unsigned taken;

static void count(int number)
{
	(void)number;
	atomic_fetch_add(&taken, 1);
}

void signals_catch(int flags)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = flags };

	if (sigaction(INTERRUPT, &action, NULL) < 0)
		error_now("sigaction: %s", strerror(errno));
}

unsigned signals_taken(void)
{
	return atomic_load(&taken);
}

static void *send_signals(void *argument)
{
	struct storm *storm = argument;

	while (!atomic_load(&storm->over)) {
		storm->sent += pthread_kill(storm->target, INTERRUPT) == 0;
		usleep(PAUSE_US);
	}
	return NULL;
}

void storm_begin(struct storm *storm, pthread_t target)
{
	storm->target = target;
	storm->sent = 0;
	atomic_store(&storm->over, false);
	if (pthread_create(&storm->thread, NULL, send_signals, storm))
		error_now("cannot start a thread that sends signals");
}

void storm_end(struct storm *storm)
{
	atomic_store(&storm->over, true);
	pthread_join(storm->thread, NULL);
}
