#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "point.h"

/* Another program may take the free device first. */
#define ATTEMPTS 8

static int attach(struct loop *loop)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control < 0)
		skip_now("no loop devices here: %s", strerror(errno));
	for (int i = 0; i < ATTEMPTS; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		int device;

		if (number < 0)
			skip_now("no free loop device: %s", strerror(errno));
		snprintf(loop->path, sizeof(loop->path), "/dev/loop%d", number);
		device = open(loop->path, O_RDWR | O_CLOEXEC);
		if (device >= 0 && ioctl(device, LOOP_SET_FD, loop->file.fd) == 0) {
			close(control);
			return device;
		}
		if (device >= 0)
			close(device);
	}
	skip_now("no loop device can be attached: %s", strerror(errno));
}

/* Each request on its own disk request: read-ahead would bring what was to be missing. */
static void forbid_readahead(int device)
{
	posix_fadvise(device, 0, 0, POSIX_FADV_RANDOM);
}

void loop_open(struct loop *loop, size_t length, int open_flags, const char *what)
{
	const struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int device;

	file_open(&loop->file, length, what);
	device = attach(loop);
	loop->file.io_fd = open(loop->path, O_RDWR | O_CLOEXEC | open_flags);
	if (loop->file.io_fd < 0)
		error_now("%s: %s", loop->path, strerror(errno));
	/* The device goes away with the last descriptor, however the point ends. */
	ioctl(device, LOOP_SET_STATUS64, &info);
	close(device);
	forbid_readahead(loop->file.io_fd);
}

void loop_cache_only(const struct loop *loop, size_t from, size_t to)
{
	unsigned char *bytes = malloc(to - from);

	fsync(loop->file.io_fd);
	posix_fadvise(loop->file.io_fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!bytes || pread(loop->file.io_fd, bytes, to - from, (off_t)from) != (ssize_t)(to - from))
		error_now("reading %s: %s", loop->path, strerror(errno));
	free(bytes);
}

void loop_close(struct loop *loop)
{
	close(loop->file.io_fd);
	file_close(&loop->file);
}
