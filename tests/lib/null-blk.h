/*
 * A null_blk device of the test's own, in memory, made through configfs
 * (Documentation/block/null_blk.rst). It can be polled, which few devices of a guest can, and it
 * can take its time, so that requests are in flight inside of a device.
 */
#ifndef RINGTRIAL_NULL_BLK_H
#define RINGTRIAL_NULL_BLK_H

#include "file-io.h"

struct null_blk {
	struct file file; /* checks go through the page cache */
};

struct null_blk_options {
	int open_flags;    /* of the descriptor for requests: O_DIRECT or 0 */
	bool polled;       /* with a queue for polled I/O */
	unsigned delay_ms; /* of each request to the device that is not polled */
	const char *what;  /* the bytes on it are */
};

/* Skips the point when there is no null_blk, or not for this user. */
void null_blk_open(struct null_blk *device, struct null_blk_options options);
void null_blk_close(struct null_blk *device);

#endif
