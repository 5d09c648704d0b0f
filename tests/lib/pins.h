/*
 * Pages that the kernel holds pinned, from /proc/vmstat: nr_foll_pin_acquired minus
 * nr_foll_pin_released, for the whole machine. In a guest nothing but the test pins pages for
 * long; elsewhere another program that does (RDMA, another ring) would spoil the numbers.
 */
#ifndef RINGTRIAL_PINS_H
#define RINGTRIAL_PINS_H

#include <stdbool.h>

/*
 * Brings the counters of all CPUs up to date; false when that takes root. The kernel does it with
 * a work item on every CPU's system workqueue, for which it waits (mm/vmstat.c, vmstat_refresh()).
 */
bool pins_refresh(void);

/* Up to date on all CPUs; -1 when the kernel does not count (before 5.7), or not for this user. */
long pins_outstanding(void);

/* The same when it has stopped falling: rings closed before may still be letting go. */
long pins_at_rest(void);

/*
 * Waits until no more than `most` are outstanding; false after `ms`. Kernels up to 6.1 release
 * the pages of a replaced buffer up to a second after its last user.
 */
bool pins_fall_to(long most, unsigned ms);

/* Fails the point when more than `before` stay outstanding for longer than any kernel lags. */
void pins_check(long before, const char *when);

#endif
