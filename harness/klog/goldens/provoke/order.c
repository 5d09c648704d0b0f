// SPDX-License-Identifier: MIT
/* Locks taken in an order that can deadlock: circular and recursive. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#include "provoke.h"

static DEFINE_MUTEX(table_lock);
static DEFINE_MUTEX(file_lock);
static DECLARE_RWSEM(map_sem);
static DEFINE_SPINLOCK(plain_lock);
static DEFINE_RWLOCK(entry_lock);
DEFINE_STATIC_SRCU(table_srcu);

static noinline void file_under_table(void)
{
	mutex_lock(&table_lock);
	mutex_lock(&file_lock);
	mutex_unlock(&file_lock);
	mutex_unlock(&table_lock);
}

static noinline void table_under_file(void)
{
	mutex_lock(&file_lock);
	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
	mutex_unlock(&file_lock);
}

static noinline void map_under_file(void)
{
	mutex_lock(&file_lock);
	down_read(&map_sem);
	up_read(&map_sem);
	mutex_unlock(&file_lock);
}

static noinline void table_under_map(void)
{
	down_write(&map_sem);
	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
	up_write(&map_sem);
}

static void circular(void)
{
	file_under_table();
	table_under_file();
}

static void circular_three(void)
{
	file_under_table();
	map_under_file();
	table_under_map();
}

noinline void work_takes_table(struct work_struct *work)
{
	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
}

static noinline void work_takes_table_once(struct work_struct *work)
{
	static bool again;

	if (!again)
		work_takes_table(work);
	else
		msleep(200);
	again = true;
}

static void circular_work(void)
{
	static DECLARE_WORK(work, work_takes_table_once);

	schedule_work(&work);
	flush_work(&work);
	/* Since 6.10 only who really has to wait tells lockdep so. */
	schedule_work(&work);
	mutex_lock(&table_lock);
	flush_work(&work);
	mutex_unlock(&table_lock);
}

static noinline void entry_under_plain(void)
{
	spin_lock(&plain_lock);
	write_lock(&entry_lock);
	write_unlock(&entry_lock);
	spin_unlock(&plain_lock);
}

static noinline void plain_under_entry_read(void)
{
	read_lock(&entry_lock);
	spin_lock(&plain_lock);
	spin_unlock(&plain_lock);
	read_unlock(&entry_lock);
}

static void circular_read(void)
{
	entry_under_plain();
	plain_under_entry_read();
}

static noinline void table_under_srcu(void)
{
	int idx = srcu_read_lock(&table_srcu);

	mutex_lock(&table_lock);
	mutex_unlock(&table_lock);
	srcu_read_unlock(&table_srcu, idx);
}

static noinline void synchronize_under_table(void)
{
	mutex_lock(&table_lock);
	synchronize_srcu(&table_srcu);
	mutex_unlock(&table_lock);
}

/* Seen since 6.4, where synchronize_srcu() tells lockdep that it waits for readers. */
static void circular_srcu(void)
{
	table_under_srcu();
	synchronize_under_table();
}

noinline void init_ring(struct ring_like *ring)
{
	mutex_init(&ring->uring_lock);
	spin_lock_init(&ring->completion_lock);
	init_rwsem(&ring->buf_sem);
}

static noinline void lock_second_ring(struct ring_like *ring)
{
	mutex_lock(&ring->uring_lock);
	mutex_unlock(&ring->uring_lock);
}

static void recursive(void)
{
	struct ring_like *rings = kcalloc(2, sizeof(*rings), GFP_KERNEL);

	init_ring(&rings[0]);
	init_ring(&rings[1]);
	mutex_lock(&rings[0].uring_lock);
	lock_second_ring(&rings[1]);
	mutex_unlock(&rings[0].uring_lock);
	kfree(rings);
}

const struct way order_ways[] = {
	WAY(circular), WAY(circular_three), WAY(circular_work), WAY(circular_read),
	WAY(circular_srcu), WAY(recursive),
	{ }
};
