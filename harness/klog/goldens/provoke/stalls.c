// SPDX-License-Identifier: MIT
/* Tasks and CPUs that do not come forward: stalls, hangs, sleeping where nobody may. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "provoke.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define DEFINE_SEMAPHORE_ONE(name) DEFINE_SEMAPHORE(name)
#else
#define DEFINE_SEMAPHORE_ONE(name) DEFINE_SEMAPHORE(name, 1)
#endif

static DEFINE_MUTEX(table_lock);
static DECLARE_RWSEM(map_sem);
static DEFINE_SPINLOCK(plain_lock);
static DEFINE_SEMAPHORE_ONE(turn);
static DECLARE_COMPLETION(never);

static void sleep_in_atomic(void)
{
	spin_lock(&plain_lock);
	might_sleep();
	spin_unlock(&plain_lock);
}

static void schedule_in_atomic(void)
{
	preempt_disable();
	/* The scheduler sets the count right again after it complained. */
	schedule_timeout_uninterruptible(1);
}

static void assume_atomic(void)
{
	cant_sleep();
}

static void assume_non_migratable(void)
{
	cant_migrate();
}

static void schedule_non_block(void)
{
	non_block_start();
	schedule_timeout_uninterruptible(1);
	non_block_end();
}

static void rcu_voluntary(void)
{
	rcu_read_lock();
	schedule_timeout_uninterruptible(1);
	rcu_read_unlock();
}

static int loops_with_irqs_off(void *arg)
{
	unsigned long seconds = (unsigned long)arg;

	local_irq_disable();
	while (seconds--)
		mdelay(1000);
	local_irq_enable();
	return 0;
}

static void rcu_stall_other(void)
{
	struct task_struct *looper = kthread_create(loops_with_irqs_off, (void *)12UL, "iou-looper");

	kthread_bind(looper, 1);
	wake_up_process(looper);
	ssleep(14);
}

static int loops_for_ever(void *arg);

static void rcu_stall_expedited(void)
{
	struct task_struct *looper = kthread_create(loops_for_ever, (void *)10UL, "iou-looper");

	set_cpus_allowed_ptr(current, cpumask_of(0));
	kthread_bind(looper, 1);
	wake_up_process(looper);
	ssleep(1);
	synchronize_rcu_expedited();
	ssleep(2);
}

static int loops_for_ever(void *arg)
{
	unsigned long end = jiffies + (unsigned long)arg * HZ;

	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
	return 0;
}

static void loop_on_other_cpu(void)
{
	kthread_run(loops_for_ever, (void *)14UL, "iou-looper");
	ssleep(16);
}

static int waits_for_ever(void *arg)
{
	mutex_lock(&table_lock);
	wait_for_completion(&never);
	return 0;
}

static int waits_for_table(void *arg)
{
	mutex_lock(&table_lock);
	return 0;
}

static void hang_task(void)
{
	kthread_run(waits_for_ever, NULL, "iou-wrk-7");
	ssleep(1);
	kthread_run(waits_for_table, NULL, "iou-wrk-8");
	ssleep(14);
}

static int holds_map(void *arg)
{
	down_write(&map_sem);
	wait_for_completion(&never);
	return 0;
}

static int waits_for_map(void *arg)
{
	down_read(&map_sem);
	return 0;
}

static void hang_rwsem(void)
{
	kthread_run(holds_map, NULL, "iou-wrk-7");
	ssleep(1);
	kthread_run(waits_for_map, NULL, "iou-wrk-8");
	ssleep(8);
}

static int takes_turn(void *arg)
{
	down(&turn);
	if (arg)
		ssleep(60);
	return 0;
}

static void hang_semaphore(void)
{
	kthread_run(takes_turn, (void *)1UL, "iou-wrk-7");
	ssleep(1);
	kthread_run(takes_turn, NULL, "iou-wrk-8");
	ssleep(8);
}

static int waits_for_io(void *arg)
{
	wait_for_completion_io(&never);
	return 0;
}

static void hang_io(void)
{
	kthread_run(waits_for_io, NULL, "iou-wrk-7");
	ssleep(8);
}

static noinline void work_blocks_pool(struct work_struct *work)
{
	/* Since 6.5 a pool does not wait for a worker that only computes: it must not be preempted either. */
	preempt_disable();
	mdelay(14000);
	preempt_enable();
}

static void workqueue_lockup(void)
{
	static DECLARE_WORK(work, work_blocks_pool);
	static DECLARE_WORK(next, work_takes_table);

	schedule_work_on(1, &work);
	ssleep(1);
	schedule_work_on(1, &next);
	ssleep(15);
}

static noinline void work_leaks_lock(struct work_struct *work)
{
	mutex_lock(&table_lock);
}

static void workqueue_leak(void)
{
	static DECLARE_WORK(work, work_leaks_lock);

	schedule_work(&work);
	flush_work(&work);
	ssleep(1);
}

const struct way stalls_ways[] = {
	WAY(sleep_in_atomic), WAY(schedule_in_atomic), WAY(assume_atomic), WAY(assume_non_migratable),
	WAY(schedule_non_block), WAY(rcu_voluntary), WAY(rcu_stall_other), WAY(rcu_stall_expedited),
	WAY(loop_on_other_cpu), WAY(hang_task), WAY(hang_rwsem), WAY(hang_semaphore), WAY(hang_io),
	WAY(workqueue_lockup), WAY(workqueue_leak),
	{ }
};
