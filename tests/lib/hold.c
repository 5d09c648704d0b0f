#define _GNU_SOURCE
#include "hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "point.h"
#include "watch.h"

void hold_open_empty(struct hold *hold)
{
	int ends[2];

	/*
	 * Blocking ends: io_uring takes O_NONBLOCK as "fail with EAGAIN", and the point is that the
	 * request waits.
	 */
	if (pipe2(ends, O_CLOEXEC) < 0)
		error_now("pipe: %s", strerror(errno));
	*hold = (struct hold){ .read_fd = ends[0], .write_fd = ends[1] };
}

void hold_open_full(struct hold *hold)
{
	int capacity;

	hold_open_empty(hold);
	capacity = fcntl(hold->write_fd, F_SETPIPE_SZ, (int)page_size());
	if (capacity != (int)page_size())
		error_now("F_SETPIPE_SZ gave %d", capacity);
	hold->filler = pattern_new("the filler of a pipe");
	hold->filled = page_size();
	hold_feed(hold, hold->filler, hold->filled);
}

void hold_open_through(struct hold *hold)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		error_now("socketpair: %s", strerror(errno));
	*hold = (struct hold){ .read_fd = ends[0], .write_fd = ends[1] };
}

void hold_close(struct hold *hold)
{
	close(hold->read_fd);
	close(hold->write_fd);
}

void hold_feed(struct hold *hold, struct pattern payload, size_t length)
{
	unsigned char bytes[16384];
	int watch;
	ssize_t res;

	if (length > sizeof(bytes))
		error_now("a payload of %zu bytes is too long", length);
	pattern_write(bytes, payload, 0, length);
	watch = watch_begin("writing to a pipe with room", WAIT_MS);
	do
		res = write(hold->write_fd, bytes, length);
	while (res < 0 && errno == EINTR);
	watch_end(watch);
	if (res != (ssize_t)length)
		error_now("write to the pipe: %zd of %zu", res, length);
}

void hold_drain(struct hold *hold)
{
	unsigned char bytes[16384];
	long wrong;
	ssize_t res;
	int watch = watch_begin("reading from a full pipe", WAIT_MS);

	do
		res = read(hold->read_fd, bytes, hold->filled);
	while (res < 0 && errno == EINTR);
	watch_end(watch);
	if (res != (ssize_t)hold->filled)
		fail_now(text("%zu bytes of filler in the full pipe", hold->filled),
			 text("read gave %zd", res));
	wrong = pattern_mismatch(bytes, hold->filler, 0, hold->filled);
	if (wrong >= 0)
		fail("the pipe's filler unchanged",
		     text("at offset %ld: %s", wrong,
			  pattern_describe(bytes + wrong, hold->filled - (size_t)wrong)));
}

size_t hold_take(struct hold *hold, void *to, size_t size)
{
	unsigned char *out = to;
	size_t taken = 0;

	while (taken < size) {
		struct pollfd ready = { .fd = hold->read_fd, .events = POLLIN };
		ssize_t res;

		if (poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLIN))
			break;
		res = read(hold->read_fd, out + taken, size - taken);
		if (res <= 0)
			break;
		taken += (size_t)res;
	}
	return taken;
}
