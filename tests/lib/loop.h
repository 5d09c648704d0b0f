/*
 * A block device whose every byte is known: a loop device on top of a memfd. Requests on it go
 * through the page cache of the device, or past it (O_DIRECT), where the block layer takes the
 * segments of a registered buffer as they are.
 */
#ifndef RINGTRIAL_LOOP_H
#define RINGTRIAL_LOOP_H

#include "file-io.h"

/* O_DIRECT's alignment, of addresses, lengths and positions. */
#define SECTOR 512u

struct loop {
	struct file file; /* requests go to the device, checks to the memfd */
	char path[32];
};

/* `open_flags`: O_DIRECT or 0. Skips the point where there are no loop devices, or not for this user. */
void loop_open(struct loop *loop, size_t length, int open_flags, const char *what);
/* The same on top of any file: `loop->file` but for io_fd is set. */
void loop_attach(struct loop *loop, int open_flags);
void loop_close(struct loop *loop);

#endif
