// SPDX-License-Identifier: MIT
/* Memory used wrongly, and checks that fail: warnings, bugs, faults, reference counts, lists, slabs. */
#include <linux/bug.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "provoke.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define MAX_PAGE_ORDER (MAX_ORDER - 1)
#endif

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

const struct way memory_ways[] = {
	WAY(warn_plain), WAY(warn_text), WAY(bug), WAY(null_pointer), WAY(page_fault),
	WAY(non_canonical), WAY(jump_to_null), WAY(divide), WAY(invalid_opcode),
	WAY(refcount_underflow), WAY(refcount_resurrect), WAY(refcount_overflow), WAY(list_add_twice),
	WAY(list_corrupt), WAY(double_free), WAY(redzone), WAY(poison), WAY(destroy_busy_cache),
	WAY(bad_page_state), WAY(alloc_fail), WAY(bad_rss), WAY(page_tables_left),
	WAY(out_of_memory_now), WAY(sysfs_duplicate), WAY(panic_now),
	{ }
};
