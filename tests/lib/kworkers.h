/*
 * Kernel threads that still work for rings. A ring's last part is taken down by a work item
 * (io_ring_exit_work() in io_uring/io_uring.c), so a clean-up that hangs hangs in a kworker, where
 * no process of a test would notice.
 */
#ifndef RINGTRIAL_KWORKERS_H
#define RINGTRIAL_KWORKERS_H

#include <stdbool.h>

/*
 * Waits until no kworker is inside io_ring_exit_work() any more; false after `ms`, with their stacks
 * printed. True at once where stacks cannot be read (not root, or a kernel without CONFIG_STACKTRACE).
 */
bool kworkers_leave_rings(unsigned ms);

#endif
