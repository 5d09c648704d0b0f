/*
 * What requests read from and write to: a pipe that holds a request back for as long as the test
 * wants (a read while it is empty, a write while it is full), or a socket that never does.
 */
#ifndef RINGTRIAL_HOLD_H
#define RINGTRIAL_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "pattern.h"

struct hold {
	int read_fd;
	int write_fd;
	struct pattern filler; /* of a full pipe */
	size_t filled;
};

void hold_open_empty(struct hold *hold);
/* One page of capacity, filled: nothing fits until all of it is taken out. */
void hold_open_full(struct hold *hold);
/*
 * A pair of sockets, for requests that are not to wait. Not a pipe, because up to 6.3 a blocking
 * pipe has no FMODE_NOWAIT: io_uring then tries a request 128 times, polling in between, before it
 * hands it to a worker (APOLL_MAX_RETRY in io_uring/poll.c), though the bytes have long been there.
 */
void hold_open_through(struct hold *hold);
void hold_close(struct hold *hold);

/* Puts `length` bytes of the pattern in at once; they must fit. */
void hold_feed(struct hold *hold, struct pattern payload, size_t length);
/* Takes the filler of a full pipe out; fails the point when that is not what was in it. */
void hold_drain(struct hold *hold);
/* Takes out what is in the pipe, `size` bytes at most, without waiting; returns how many. */
size_t hold_take(struct hold *hold, void *to, size_t size);

#endif
