/*
 * A block device that holds requests back for as long as the test wants: a loop device on a file in
 * a frozen file system (FIFREEZE, ioctl_fsfreeze() in the kernel's fs/ioctl.c). A loop device serves
 * one request after the other, so behind one write that waits for the thaw everything waits, reads
 * too, inside of the device: the block layer has the segments of the registered buffer, and nobody
 * can take them back.
 *
 * The file system is an ext4 one in a mount namespace of its own, on another loop device on a memfd.
 * A process of its own thaws it, in whatever way the point ends.
 */
#ifndef RINGTRIAL_STALLED_DISK_H
#define RINGTRIAL_STALLED_DISK_H

#include "call.h"
#include "loop.h"

struct stalled_disk {
	struct loop outer; /* below the file system */
	struct loop inner; /* requests go to the device (O_DIRECT), checks to the file under it */
	char directory[32];
	int root_fd;
	pid_t guardian;
	int to_guardian; /* closing it ends the guardian */
	void *sector; /* of the write that is in the way */
	struct call in_the_way;
};

/* Skips the point when it takes more than this user may, or when a tool or a driver is missing. */
void stalled_disk_open(struct stalled_disk *disk, size_t length, const char *what);
/* What comes to the device from now on waits there. */
void stalled_disk_stall(struct stalled_disk *disk);
void stalled_disk_release(struct stalled_disk *disk);
/* After stalled_disk_release(). */
void stalled_disk_close(struct stalled_disk *disk);

#endif
