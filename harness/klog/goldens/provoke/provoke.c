// SPDX-License-Identifier: MIT
/*
 * Makes a kernel report on demand: `echo NAME > /proc/provoke`, one per boot, since lockdep
 * turns itself off after its first report. Built into the kernel (see README.md beside this directory).
 * Every function is noinline and named after what it does, so that traces read well.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "provoke.h"

static const struct way *const tables[] = {
	order_ways, interrupts_ways, misuse_ways, limits_ways, stalls_ways, memory_ways,
};

static ssize_t provoke_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	char name[40] = { };
	int i;

	if (n >= sizeof(name) || copy_from_user(name, buf, n))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct way *way = tables[i]; way->name; way++)
			if (!strcmp(way->name, strim(name))) {
				way->run();
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
