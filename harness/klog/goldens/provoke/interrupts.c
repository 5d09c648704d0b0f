// SPDX-License-Identifier: MIT
/* Locks that interrupts take, too, and those who take them with interrupts on. */
#include <linux/completion.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "provoke.h"

static DEFINE_SPINLOCK(irq_lock);
static DEFINE_SPINLOCK(plain_lock);
static DEFINE_SPINLOCK(middle_lock);
static DEFINE_RAW_SPINLOCK(raw_lock);
static DEFINE_RAW_SPINLOCK(raw_irq_lock);
static DEFINE_RAW_SPINLOCK(raw_middle_lock);

static noinline void irq_takes_lock(void *info)
{
	spin_lock(&irq_lock);
	spin_unlock(&irq_lock);
}

static noinline void use_in_hardirq(void)
{
	smp_call_function(irq_takes_lock, NULL, 1);
}

static struct completion timer_done;

static noinline void timer_takes_lock(struct timer_list *timer)
{
	spin_lock(&irq_lock);
	spin_unlock(&irq_lock);
	complete(&timer_done);
}

static noinline void use_in_softirq(void)
{
	static DEFINE_TIMER(timer, timer_takes_lock);

	init_completion(&timer_done);
	mod_timer(&timer, jiffies + 2);
	wait_for_completion(&timer_done);
}

noinline void take_with_interrupts_on(spinlock_t *lock)
{
	spin_lock(lock);
	spin_unlock(lock);
}

static noinline void plain_under_irq_lock(void)
{
	spin_lock_irq(&irq_lock);
	spin_lock(&plain_lock);
	spin_unlock(&plain_lock);
	spin_unlock_irq(&irq_lock);
}

static noinline void plain_under_irq_lock_bh(void)
{
	spin_lock_bh(&irq_lock);
	spin_lock(&plain_lock);
	spin_unlock(&plain_lock);
	spin_unlock_bh(&irq_lock);
}

static noinline void middle_chain(void)
{
	spin_lock_irq(&irq_lock);
	spin_lock(&middle_lock);
	spin_unlock(&middle_lock);
	spin_unlock_irq(&irq_lock);
}

static noinline void plain_under_middle(void)
{
	unsigned long flags;

	spin_lock_irqsave(&middle_lock, flags);
	spin_lock(&plain_lock);
	spin_unlock(&plain_lock);
	spin_unlock_irqrestore(&middle_lock, flags);
}

static void inconsistent_hardirq(void)
{
	use_in_hardirq();
	take_with_interrupts_on(&irq_lock);
}

static void inconsistent_softirq(void)
{
	take_with_interrupts_on(&irq_lock);
	use_in_softirq();
}

static void inversion_forwards(void)
{
	take_with_interrupts_on(&plain_lock);
	plain_under_irq_lock_bh();
	use_in_softirq();
}

static void inversion_backwards(void)
{
	use_in_softirq();
	plain_under_irq_lock_bh();
	take_with_interrupts_on(&plain_lock);
}

static void safe_unsafe_hardirq(void)
{
	use_in_hardirq();
	take_with_interrupts_on(&plain_lock);
	plain_under_irq_lock();
}

static void safe_unsafe_softirq(void)
{
	use_in_softirq();
	take_with_interrupts_on(&plain_lock);
	plain_under_irq_lock_bh();
}

static void safe_unsafe_chain(void)
{
	use_in_hardirq();
	take_with_interrupts_on(&plain_lock);
	middle_chain();
	plain_under_middle();
}

/*
 * The same with raw spinlocks. With CONFIG_PROVE_RAW_LOCK_NESTING a spinlock in a hard interrupt, or under a
 * raw one, is an invalid wait context already.
 */
static noinline void irq_takes_raw(void *info)
{
	raw_spin_lock(&raw_irq_lock);
	raw_spin_unlock(&raw_irq_lock);
}

static noinline void use_raw_in_hardirq(void)
{
	smp_call_function(irq_takes_raw, NULL, 1);
}

static noinline void take_raw_with_interrupts_on(raw_spinlock_t *lock)
{
	raw_spin_lock(lock);
	raw_spin_unlock(lock);
}

static noinline void raw_under_irq_lock(raw_spinlock_t *lock)
{
	raw_spin_lock_irq(&raw_irq_lock);
	raw_spin_lock(lock);
	raw_spin_unlock(lock);
	raw_spin_unlock_irq(&raw_irq_lock);
}

static noinline void raw_under_middle(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&raw_middle_lock, flags);
	raw_spin_lock(&raw_lock);
	raw_spin_unlock(&raw_lock);
	raw_spin_unlock_irqrestore(&raw_middle_lock, flags);
}

static void inconsistent_hardirq_raw(void)
{
	use_raw_in_hardirq();
	take_raw_with_interrupts_on(&raw_irq_lock);
}

static void safe_unsafe_hardirq_raw(void)
{
	use_raw_in_hardirq();
	take_raw_with_interrupts_on(&raw_lock);
	raw_under_irq_lock(&raw_lock);
}

static void safe_unsafe_chain_raw(void)
{
	use_raw_in_hardirq();
	take_raw_with_interrupts_on(&raw_lock);
	raw_under_irq_lock(&raw_middle_lock);
	raw_under_middle();
}

const struct way interrupts_ways[] = {
	WAY(inconsistent_hardirq), WAY(inconsistent_softirq), WAY(inversion_forwards),
	WAY(inversion_backwards), WAY(safe_unsafe_hardirq), WAY(safe_unsafe_softirq),
	WAY(inconsistent_hardirq_raw), WAY(safe_unsafe_hardirq_raw), WAY(safe_unsafe_chain_raw),
	WAY(safe_unsafe_chain),
	{ }
};
