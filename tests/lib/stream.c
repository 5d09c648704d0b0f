#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clock.h"
#include "point.h"
#include "watch.h"

#define CHUNK 4096
#define MOST_FILLED (1 << 20)
/* More than the peer can still take in when it looks at its buffer more closely. */
#define ENOUGH_UNSENT (1 << 16)

void stream_open(struct stream *stream)
{
	const int large = MOST_FILLED;

	*stream = (struct stream){ 0 };
	tcp_pair_open(&stream->pair);
	/* The sender takes much, so that nothing waits for it; the peer takes little. */
	if (setsockopt(stream->pair.send_fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)) < 0)
		error_now("SO_SNDBUF: %s", strerror(errno));
}

void stream_close(struct stream *stream)
{
	tcp_pair_close(&stream->pair);
}

/* Bytes that have not been sent, for the peer's window is shut. */
static int unsent(const struct stream *stream)
{
	int count = 0;

	ioctl(stream->pair.send_fd, SIOCOUTQNSD, &count);
	return count;
}

void stream_stuff(struct stream *stream)
{
	unsigned char bytes[CHUNK];
	unsigned steady = 0;

	stream->filler = pattern_new("the filler of a stream");
	while (steady < 5 && stream->filled < MOST_FILLED) {
		if (unsent(stream) >= ENOUGH_UNSENT) {
			steady++;
			sleep_ms(4);
			continue;
		}
		steady = 0;
		pattern_write(bytes, stream->filler, stream->filled, CHUNK);
		if (send(stream->pair.send_fd, bytes, CHUNK, MSG_DONTWAIT | MSG_NOSIGNAL) != CHUNK)
			error_now("send: %s", strerror(errno));
		stream->filled += CHUNK;
	}
	if (unsent(stream) == 0)
		error_now("%zu bytes went to a peer that does not read", stream->filled);
}

static void receive(int fd, unsigned char *to, size_t length)
{
	int watch = watch_begin("bytes from the peer", WAIT_MS);
	size_t got = 0;

	while (got < length) {
		ssize_t res = recv(fd, to + got, length - got, 0);

		if (res < 0 && errno == EINTR)
			continue;
		if (res <= 0)
			fail_now(text("%zu bytes from the peer", length), text("%zu, then %zd", got, res));
		got += (size_t)res;
	}
	watch_end(watch);
}

void stream_receive(struct stream *stream, void *to, size_t length)
{
	unsigned char bytes[CHUNK];

	for (size_t at = 0; at < stream->filled; at += CHUNK) {
		receive(stream->pair.receive_fd, bytes, CHUNK);
		if (pattern_mismatch(bytes, stream->filler, at, CHUNK) >= 0)
			fail("the filler as it was sent", pattern_describe(bytes, CHUNK));
	}
	stream->filled = 0;
	receive(stream->pair.receive_fd, to, length);
}

bool stream_is_empty(struct stream *stream)
{
	struct pollfd ready = { .fd = stream->pair.receive_fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 0;
}
