#define _GNU_SOURCE
#include "settle.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "pins.h"
#include "watch.h"

/* Far more than a grace period of an idle machine, where nothing better is to be had. */
#define BLIND_WAIT_MS 100u

#define MOST_CPUS 64

static void *pass_grace_period(void *cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((int)(intptr_t)cpu, &one);
	return (void *)(intptr_t)(sched_setaffinity(0, sizeof(one), &one) == 0 &&
				  syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0);
}

/*
 * membarrier(2)'s CMD_GLOBAL is synchronize_rcu(), which waits for a callback of its own that is
 * queued on the CPU it runs on, behind all callbacks queued there before. Done on each CPU it is
 * what rcu_barrier() is inside the kernel; done on all at the same time they share a grace period.
 */
static bool pass_grace_periods(void)
{
	pthread_t threads[MOST_CPUS];
	cpu_set_t cpus;
	unsigned count = 0;
	bool done = true;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) < 2)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && count < MOST_CPUS && done; cpu++)
		if (CPU_ISSET(cpu, &cpus)) {
			done = pthread_create(&threads[count], NULL, pass_grace_period,
					      (void *)(intptr_t)cpu) == 0;
			count += done;
		}
	while (count) {
		void *passed;

		pthread_join(threads[--count], &passed);
		done &= passed != NULL;
	}
	return done;
}

void settle(void)
{
	int watch = watch_begin("RCU grace periods and work items", WAIT_MS);

	if (!pass_grace_periods() || !pins_refresh())
		sleep_ms(BLIND_WAIT_MS);
	watch_end(watch);
}
