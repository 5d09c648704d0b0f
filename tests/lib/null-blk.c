#define _GNU_SOURCE
#include "null-blk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"

#define CONFIGFS "/sys/kernel/config"
#define NAME "ringtrial"
#define DIRECTORY CONFIGFS "/nullb/" NAME
#define MEBIBYTE ((size_t)1 << 20)
/* For the device node, which devtmpfs makes at once and udev soon. */
#define NODE_MS 2000u

static bool set(const char *attribute, const char *value)
{
	int fd = open(text(DIRECTORY "/%s", attribute), O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return done;
}

/* Also what a point that was killed has left. */
static void remove_device(void)
{
	set("power", "0");
	rmdir(DIRECTORY);
}

/* From 6.0 on the device is called as its directory, before by its index. */
static int open_node(int flags)
{
	struct deadline deadline = deadline_in_ms(NODE_MS);
	FILE *file = fopen(DIRECTORY "/index", "re");
	unsigned index = 0;
	int fd;

	if (file && fscanf(file, "%u", &index) != 1)
		index = 0;
	if (file)
		fclose(file);
	do {
		fd = open("/dev/" NAME, flags);
		if (fd < 0)
			fd = open(text("/dev/nullb%u", index), flags);
		if (fd >= 0)
			return fd;
		sleep_ms(20);
	} while (!deadline_passed(deadline));
	error_now("the null_blk device has no node in /dev: %s", strerror(errno));
}

/* Queue mode 2 is blk-mq; irqmode 0 completes at once what nobody polls, 2 after a time. */
static void configure(struct null_blk_options options)
{
	if (options.polled && !set("poll_queues", "1")) {
		remove_device();
		skip_now("the kernel's null_blk cannot be polled (before 5.17)");
	}
	if (!set("size", "1") || !set("memory_backed", "1") || !set("queue_mode", "2") ||
	    !set("irqmode", options.delay_ms ? "2" : "0") ||
	    !set("completion_nsec", text("%lu", options.delay_ms * 1000000ul)) || !set("power", "1")) {
		remove_device();
		error_now("a null_blk device cannot be configured: %s", strerror(errno));
	}
}

void null_blk_open(struct null_blk *device, struct null_blk_options options)
{
	struct file *file = &device->file;

	if (access(CONFIGFS "/nullb", F_OK) < 0)
		mount("configfs", CONFIGFS, "configfs", 0, NULL);
	if (access(CONFIGFS "/nullb", F_OK) < 0)
		skip_now("no null_blk device can be made here (CONFIG_BLK_DEV_NULL_BLK, configfs, root)");
	remove_device();
	if (mkdir(DIRECTORY, 0700) < 0)
		skip_now("no null_blk device can be made here: %s", strerror(errno));
	configure(options);
	file->fd = open_node(O_RDWR | O_CLOEXEC);
	file->io_fd = open_node(O_RDWR | O_CLOEXEC | options.open_flags);
	file->length = MEBIBYTE / 4;
	file->pattern = pattern_new(options.what);
	file_fill(file);
}

void null_blk_close(struct null_blk *device)
{
	close(device->file.io_fd);
	close(device->file.fd);
	remove_device();
}
