/* SPDX-License-Identifier: MIT */
#ifndef PROVOKE_H
#define PROVOKE_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/* One way to make the kernel report, by the function's name. The tables end with an empty one. */
struct way {
	const char *name;
	void (*run)(void);
};

#define WAY(x) { #x, x }

extern const struct way order_ways[], interrupts_ways[], misuse_ways[], limits_ways[], stalls_ways[], memory_ways[];

struct ring_like {
	struct mutex uring_lock;
	spinlock_t completion_lock;
	struct rw_semaphore buf_sem;
};

void init_ring(struct ring_like *ring);
void take_with_interrupts_on(spinlock_t *lock);
void work_takes_table(struct work_struct *work);

#endif
