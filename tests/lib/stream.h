/*
 * TCP over the loopback interface with a peer that does not read: what is sent then stays in the
 * sender's queue, and with it the pages that a zero-copy send has lent to the network.
 */
#ifndef RINGTRIAL_STREAM_H
#define RINGTRIAL_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "pattern.h"
#include "tcp-pair.h"

struct stream {
	struct tcp_pair pair;
	struct pattern filler;
	size_t filled;
};

/* Skips the point when there is no loopback device. */
void stream_open(struct stream *stream);
void stream_close(struct stream *stream);

/* Sends so much that the peer's buffer is full and bytes wait in the sender's queue. */
void stream_stuff(struct stream *stream);
/* The peer reads the filler, then `length` bytes into `to`; fails the point when they do not come. */
void stream_receive(struct stream *stream, void *to, size_t length);
/* Does the peer find nothing more to read? */
bool stream_is_empty(struct stream *stream);

#endif
