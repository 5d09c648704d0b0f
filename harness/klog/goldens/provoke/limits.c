// SPDX-License-Identifier: MIT
/* Lockdep's own limits: its tables, filled until it gives up. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "provoke.h"

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

const struct way limits_ways[] = {
	WAY(off_keys), WAY(off_entries), WAY(off_chains), WAY(off_hlocks), WAY(off_stack),
	{ }
};
