// SPDX-License-Identifier: MIT
/* Locks used as they may not be: in the wrong context, by the wrong task, or damaged. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "provoke.h"

static DEFINE_MUTEX(table_lock);
static DEFINE_MUTEX(nest_lock);
static DECLARE_RWSEM(map_sem);
static DEFINE_SPINLOCK(plain_lock);
static DEFINE_RAW_SPINLOCK(raw_lock);
static DEFINE_RWLOCK(entry_lock);

static void wait_context(void)
{
	spin_lock(&plain_lock);
	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
	spin_unlock(&plain_lock);
}

/* Seen with CONFIG_PROVE_RAW_LOCK_NESTING only: without it both locks spin. */
static void wait_context_raw(void)
{
	raw_spin_lock(&raw_lock);
	spin_lock(&plain_lock);
	spin_unlock(&plain_lock);
	raw_spin_unlock(&raw_lock);
}

static noinline void irq_takes_plain(void *info)
{
	take_with_interrupts_on(&plain_lock);
}

static void wait_context_irq(void)
{
	smp_call_function(irq_takes_plain, NULL, 1);
}

static void nested(void)
{
	mutex_lock_nest_lock(&table_lock, &nest_lock);
	mutex_unlock(&table_lock);
}

static void unlock_balance(void)
{
	up_read(&map_sem);
}

static void held_freed(void)
{
	struct ring_like *ring = kzalloc(sizeof(*ring), GFP_KERNEL);

	init_ring(ring);
	mutex_lock(&ring->uring_lock);
	kfree(ring);
}

static int exits_with_lock(void *arg)
{
	mutex_lock(&table_lock);
	return 0;
}

static void still_held(void)
{
	kthread_run(exits_with_lock, NULL, "iou-leaver");
	ssleep(1);
}

static void returns_with_lock(void)
{
	mutex_lock(&table_lock);
	down_read(&map_sem);
}

static void rcu_dereference_unlocked(void)
{
	static int __rcu *table;

	if (rcu_dereference(table))
		pr_info("not reached\n");
}

static void rcu_sleep(void)
{
	rcu_read_lock();
	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
	rcu_read_unlock();
}

static void nonstatic_key(void)
{
	struct ring_like *ring = kzalloc(sizeof(*ring), GFP_KERNEL);

	down_read(&ring->buf_sem);
}

static void invalid_subclass(void)
{
	mutex_lock_nested(&table_lock, 9);
}

static void invalid_subclass_init(void)
{
	static struct lock_class_key key;
	static struct lockdep_map map;

	lockdep_init_map(&map, "deep", &key, 9);
}

static void unregistered_key(void)
{
	struct lock_class_key *key = kzalloc(sizeof(*key), GFP_KERNEL);
	static struct lockdep_map map;

	lockdep_init_map(&map, "dynamic", key, 0);
}

static void too_deep(void)
{
	static struct mutex many[64];
	static struct lock_class_key keys[64];
	int i;

	for (i = 0; i < 64; i++) {
		__mutex_init(&many[i], "many", &keys[i]);
		mutex_lock(&many[i]);
	}
}

static int unlocks_for_others(void *arg)
{
	mutex_unlock(&table_lock);
	return 0;
}

static void wrong_owner(void)
{
	mutex_lock(&table_lock);
	kthread_run(unlocks_for_others, NULL, "iou-thief");
	ssleep(1);
	mutex_unlock(&table_lock);
}

static void mutex_magic(void)
{
	struct ring_like *ring = kzalloc(sizeof(*ring), GFP_KERNEL);

	init_ring(ring);
	ring->uring_lock.magic = NULL;
	mutex_lock(&ring->uring_lock);
	mutex_unlock(&ring->uring_lock);
}

static void spinlock_magic(void)
{
	spinlock_t *lock = kzalloc(sizeof(*lock), GFP_KERNEL);

	lockdep_off();
	spin_lock(lock);
	spin_unlock(lock);
	lockdep_on();
}

static void rwlock_owner(void)
{
	lockdep_off();
	preempt_disable();
	write_unlock(&entry_lock);
	lockdep_on();
}

const struct way misuse_ways[] = {
	WAY(wait_context), WAY(wait_context_raw), WAY(wait_context_irq), WAY(nested),
	WAY(unlock_balance), WAY(held_freed), WAY(still_held), WAY(returns_with_lock),
	WAY(rcu_dereference_unlocked), WAY(rcu_sleep), WAY(nonstatic_key), WAY(invalid_subclass),
	WAY(invalid_subclass_init), WAY(unregistered_key), WAY(too_deep), WAY(wrong_owner),
	WAY(mutex_magic), WAY(spinlock_magic), WAY(rwlock_owner),
	{ }
};
