// SPDX-License-Identifier: MIT
/*
 * Makes a kernel report on demand: `echo NAME > /proc/provoke`, one per boot, since lockdep
 * turns itself off after its first report. Built into the kernel (see README.md beside this file).
 * Every function is noinline and named after what it does, so that traces read well.
 */
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/semaphore.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <linux/ww_mutex.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define MAX_PAGE_ORDER (MAX_ORDER - 1)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define DEFINE_SEMAPHORE_ONE(name) DEFINE_SEMAPHORE(name)
#else
#define DEFINE_SEMAPHORE_ONE(name) DEFINE_SEMAPHORE(name, 1)
#endif

struct ring_like {
	struct mutex uring_lock;
	spinlock_t completion_lock;
	struct rw_semaphore buf_sem;
};

static DEFINE_MUTEX(table_lock);
static DEFINE_MUTEX(file_lock);
static DEFINE_MUTEX(nest_lock);
static DECLARE_RWSEM(map_sem);
static DEFINE_SPINLOCK(irq_lock);
static DEFINE_SPINLOCK(plain_lock);
static DEFINE_SPINLOCK(middle_lock);
static DEFINE_RAW_SPINLOCK(raw_lock);
static DEFINE_RAW_SPINLOCK(raw_irq_lock);
static DEFINE_RAW_SPINLOCK(raw_middle_lock);
static DEFINE_RWLOCK(entry_lock);
static DEFINE_SEMAPHORE_ONE(turn);
DEFINE_STATIC_SRCU(table_srcu);
static DECLARE_COMPLETION(never);

/* --- circular -------------------------------------------------------- */

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

static noinline void work_takes_table(struct work_struct *work)
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

/* --- recursive ------------------------------------------------------- */

static noinline void init_ring(struct ring_like *ring)
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

/* --- interrupts ------------------------------------------------------ */

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

static noinline void take_with_interrupts_on(spinlock_t *lock)
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

/* --- other lock misuse ----------------------------------------------- */

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

/* --- lockdep's own limits --------------------------------------------- */

#define MANY 512
static struct lockdep_map many[MANY];
static struct lock_class_key many_keys[MANY];

static noinline void init_many(void)
{
	int i;

	for (i = 0; i < MANY; i++)
		lockdep_init_map(&many[i], "many", &many_keys[i], 0);
}

static void off_keys(void)
{
	struct dynamic {
		struct lock_class_key key;
		struct lockdep_map map;
	} *one;

	do {
		one = kzalloc(sizeof(*one), GFP_KERNEL);
		lockdep_register_key(&one->key);
		lockdep_init_map(&one->map, "dynamic", &one->key, 0);
		lock_map_acquire(&one->map);
		lock_map_release(&one->map);
	} while (debug_locks);
}

static noinline void take_two(int a, int b)
{
	lock_map_acquire(&many[a]);
	lock_map_acquire(&many[b]);
	lock_map_release(&many[b]);
	lock_map_release(&many[a]);
}

/* Every second class under every first one: many dependencies, but no long way for lockdep to search. */
static void off_entries(void)
{
	int i;

	init_many();
	for (i = 0; debug_locks && i < MANY * MANY / 4; i++)
		take_two(i % (MANY / 2), MANY / 2 + i / (MANY / 2));
}

static noinline void take_in_order(int from, int to, int depth)
{
	int i;

	for (i = from; debug_locks && depth > 0 && i < to; i++) {
		lock_map_acquire(&many[i]);
		take_in_order(i + 1, to, depth - 1);
		lock_map_release(&many[i]);
	}
}

/* Short chains of many classes: more chains than lockdep has room for. */
static int takes_short_chains(void *arg)
{
	init_many();
	take_in_order(0, 54, 4);
	return 0;
}

static void off_chains(void)
{
	int seconds;

	kthread_run(takes_short_chains, NULL, "iou-chains");
	for (seconds = 0; debug_locks && seconds < 80; seconds++)
		ssleep(1);
}

/* Long chains of few classes: more locks in chains than lockdep has room for. */
static void off_hlocks(void)
{
	init_many();
	take_in_order(0, 24, 24);
}

/* Takes two locks at the end of a way that the bits of `way` tell: each has a stack of its own. */
static noinline void take_two_by_way(int a, int b, int way, int depth);

static noinline void way_left(int a, int b, int way, int depth)
{
	take_two_by_way(a, b, way, depth);
	asm volatile("# neither a tail call nor the same as way_right()" ::: "memory");
}

static noinline void way_right(int a, int b, int way, int depth)
{
	take_two_by_way(a, b, way, depth);
	asm volatile("# neither a tail call nor the same as way_left()" ::: "memory");
}

static noinline void take_two_by_way(int a, int b, int way, int depth)
{
	if (depth == 0)
		take_two(a, b);
	else if (way & 1)
		way_left(a, b, way >> 1, depth - 1);
	else
		way_right(a, b, way >> 1, depth - 1);
	barrier();
}

static void off_stack(void)
{
	int i;

	init_many();
	for (i = 0; debug_locks && i < MANY * MANY / 4; i++)
		take_two_by_way(i % (MANY / 2), MANY / 2 + i / (MANY / 2), i, 16);
}

/* --- other lock checkers ----------------------------------------------- */

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

/* --- scheduling and stalls ------------------------------------------- */

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

/* --- memory and checks ----------------------------------------------- */

static void warn_plain(void)
{
	WARN_ON(jiffies);
}

static void warn_text(void)
{
	WARN(1, "buffer %d is in use\n", 7);
}

static void bug(void)
{
	BUG();
}

static noinline int read_through(int *p)
{
	return READ_ONCE(*p);
}

static void null_pointer(void)
{
	read_through((int *)8);
}

static void page_fault(void)
{
	read_through((int *)0xffffc90000badb00UL);
}

static void non_canonical(void)
{
	read_through((int *)0xdead4ead00000000UL);
}

static void jump_to_null(void)
{
	void (*volatile f)(void) = NULL;

	f();
}

static void divide(void)
{
	volatile int zero = 0;

	pr_info("%d\n", 7 / zero);
}

static void refcount_underflow(void)
{
	static refcount_t refs = REFCOUNT_INIT(1);

	refcount_dec_and_test(&refs);
	refcount_dec_and_test(&refs);
}

static void refcount_resurrect(void)
{
	static refcount_t refs = REFCOUNT_INIT(0);

	refcount_inc(&refs);
}

static void refcount_overflow(void)
{
	static refcount_t refs = REFCOUNT_INIT(INT_MAX);

	refcount_inc(&refs);
}

static void list_add_twice(void)
{
	static LIST_HEAD(head);
	static struct list_head one;

	list_add(&one, &head);
	list_add(&one, &head);
}

static void list_corrupt(void)
{
	static LIST_HEAD(head);
	static struct list_head one, two;

	list_add(&one, &head);
	one.next = &two;
	list_del(&one);
}

static void double_free(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

static void redzone(void)
{
	char *volatile p = kmalloc(64, GFP_KERNEL);

	p[64] = 1;
	kfree(p);
}

static void destroy_busy_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("io_kiocb_like", 200, 0, 0, NULL);

	if (kmem_cache_alloc(cache, GFP_KERNEL))
		kmem_cache_destroy(cache);
}

static noinline void write_freed(char *p)
{
	kfree(p);
	WRITE_ONCE(p[8], 1);
}

static void poison(void)
{
	int i;

	write_freed(kmalloc(64, GFP_KERNEL));
	for (i = 0; i < 1000; i++)
		kmalloc(64, GFP_KERNEL);
}

static void bad_page_state(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	page->mapping = (void *)0x1000;
	__free_page(page);
}

static void alloc_fail(void)
{
	alloc_pages(GFP_KERNEL | __GFP_NORETRY, MAX_PAGE_ORDER);
	while (alloc_pages(GFP_KERNEL | __GFP_NORETRY, MAX_PAGE_ORDER))
		;
}

static void bad_rss(void)
{
	add_mm_counter(current->mm, MM_FILEPAGES, 3);
}

static void page_tables_left(void)
{
	mm_inc_nr_ptes(current->mm);
}

static void out_of_memory_now(void)
{
	while (alloc_pages(GFP_KERNEL, 0))
		;
}

static void sysfs_duplicate(void)
{
	kobject_create_and_add("provoked", NULL);
	kobject_create_and_add("provoked", NULL);
}

static void invalid_opcode(void)
{
	asm volatile("ud2");
}

static void panic_now(void)
{
	panic("buffer table is gone (%d)", 3);
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
#define WAY(x) { #x, x }
	WAY(circular), WAY(circular_three), WAY(circular_work), WAY(circular_read), WAY(circular_srcu),
	WAY(recursive), WAY(inconsistent_hardirq), WAY(inconsistent_softirq), WAY(inversion_forwards),
	WAY(inversion_backwards), WAY(safe_unsafe_hardirq), WAY(safe_unsafe_softirq),
	WAY(inconsistent_hardirq_raw), WAY(safe_unsafe_hardirq_raw), WAY(safe_unsafe_chain_raw),
	WAY(safe_unsafe_chain), WAY(wait_context), WAY(wait_context_raw), WAY(wait_context_irq),
	WAY(nested), WAY(unlock_balance), WAY(held_freed), WAY(still_held), WAY(returns_with_lock),
	WAY(rcu_dereference_unlocked), WAY(rcu_sleep), WAY(nonstatic_key), WAY(invalid_subclass),
	WAY(invalid_subclass_init), WAY(unregistered_key), WAY(too_deep), WAY(off_keys), WAY(off_entries), WAY(off_chains),
	WAY(off_hlocks), WAY(off_stack), WAY(wrong_owner), WAY(mutex_magic), WAY(spinlock_magic),
	WAY(rwlock_owner), WAY(sleep_in_atomic), WAY(schedule_in_atomic), WAY(assume_atomic),
	WAY(assume_non_migratable), WAY(schedule_non_block), WAY(rcu_voluntary), WAY(rcu_stall_other),
	WAY(rcu_stall_expedited), WAY(loop_on_other_cpu), WAY(hang_task), WAY(hang_rwsem),
	WAY(hang_semaphore), WAY(hang_io), WAY(workqueue_lockup), WAY(workqueue_leak), WAY(warn_plain),
	WAY(warn_text), WAY(bug), WAY(null_pointer), WAY(page_fault), WAY(non_canonical),
	WAY(jump_to_null), WAY(divide), WAY(invalid_opcode), WAY(refcount_underflow),
	WAY(refcount_resurrect), WAY(refcount_overflow), WAY(list_add_twice), WAY(list_corrupt),
	WAY(double_free), WAY(redzone), WAY(poison), WAY(destroy_busy_cache), WAY(bad_page_state),
	WAY(alloc_fail), WAY(bad_rss), WAY(page_tables_left), WAY(out_of_memory_now),
	WAY(sysfs_duplicate), WAY(panic_now),
};

static ssize_t provoke_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	char name[40] = { };
	int i;

	if (n >= sizeof(name) || copy_from_user(name, buf, n))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, strim(name))) {
			ways[i].run();
			return n;
		}
	return -ENOENT;
}

static const struct proc_ops provoke_ops = {
	.proc_write = provoke_write,
};

static int __init provoke_init(void)
{
	return proc_create("provoke", 0200, NULL, &provoke_ops) ? 0 : -ENOMEM;
}
late_initcall(provoke_init);
