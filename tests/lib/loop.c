#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
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

void loop_attach(struct loop *loop, int open_flags)
{
	const struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int device = attach(loop);

	loop->file.io_fd = open(loop->path, O_RDWR | O_CLOEXEC | open_flags);
	if (loop->file.io_fd < 0)
		error_now("%s: %s", loop->path, strerror(errno));
	/* The device goes away with the last descriptor, however the point ends. */
	ioctl(device, LOOP_SET_STATUS64, &info);
	close(device);
}

void loop_open(struct loop *loop, size_t length, int open_flags, const char *what)
{
	file_open(&loop->file, length, what);
	loop_attach(loop, open_flags);
}

void loop_close(struct loop *loop)
{
	close(loop->file.io_fd);
	file_close(&loop->file);
}
