#include "churn.h"

#include <stdint.h>

#include "clock.h"
#include "point.h"

static void *churn_thread(void *argument)
{
	struct churn *churn = argument;
	int64_t start = clock_ns();

	while (!atomic_load(&churn->over)) {
		/* As many as are due by now: a sleep may last longer than it should. */
		if (churn->done * 1000.0 / churn->per_second > ms_since(start)) {
			sleep_ms(1);
			continue;
		}
		churn->once(churn->argument);
		churn->done++;
	}
	return NULL;
}

void churn_begin(struct churn *churn, unsigned per_second, void (*once)(void *argument), void *argument)
{
	*churn = (struct churn){ .once = once, .argument = argument, .per_second = per_second };
	if (per_second && pthread_create(&churn->thread, NULL, churn_thread, churn))
		error_now("cannot start a thread");
}

void churn_end(struct churn *churn)
{
	atomic_store(&churn->over, true);
	if (churn->per_second)
		pthread_join(churn->thread, NULL);
}
