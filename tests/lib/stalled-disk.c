#define _GNU_SOURCE
#include "stalled-disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "point.h"

#define FILE_SYSTEM_BYTES ((size_t)4 << 20)

/* As the shell would do it; 127 when there is no such tool. */
static int make_file_system(const char *device)
{
	int status = 0;
	pid_t tool = fork();

	if (tool < 0)
		error_now("fork: %s", strerror(errno));
	if (tool == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("mke2fs", "mke2fs", "-F", "-m", "0", device, (char *)NULL);
		execl("/sbin/mke2fs", "mke2fs", "-F", "-m", "0", device, (char *)NULL);
		_exit(127);
	}
	waitpid(tool, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void mount_outer(struct stalled_disk *disk)
{
	int made = make_file_system(disk->outer.path);

	if (made == 127)
		skip_now("no mke2fs here");
	if (made != 0)
		error_now("mke2fs ended with status %d", made);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip_now("no mount namespace of its own: %s", strerror(errno));
	strcpy(disk->directory, "/tmp/ringtrial-XXXXXX");
	if (!mkdtemp(disk->directory))
		error_now("mkdtemp: %s", strerror(errno));
	if (mount(disk->outer.path, disk->directory, "ext4", 0, NULL) < 0)
		skip_now("no ext4 can be mounted: %s", strerror(errno));
	disk->root_fd = open(disk->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (disk->root_fd < 0)
		error_now("%s: %s", disk->directory, strerror(errno));
}

static void note_death(int signal)
{
	(void)signal;
}

/*
 * Waits for the end of the point: of its main thread, for one that is stuck in a write to the frozen
 * disk keeps the descriptors open. Then thaws and takes down what is left.
 */
static _Noreturn void guard(const struct stalled_disk *disk, int from_point, pid_t point)
{
	const struct sigaction on_death = { .sa_handler = note_death };
	char byte;

	sigaction(SIGTERM, &on_death, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Whoever reads what the point prints waits for the end of that, too. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (getppid() == point)
		(void)!read(from_point, &byte, 1);
	ioctl(disk->root_fd, FITHAW, 0);
	umount2(disk->directory, MNT_DETACH);
	rmdir(disk->directory);
	_exit(0);
}

static void post_guardian(struct stalled_disk *disk)
{
	pid_t point = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || (disk->guardian = fork()) < 0)
		error_now("no guardian for a file system: %s", strerror(errno));
	if (disk->guardian == 0) {
		close(ends[1]);
		guard(disk, ends[0], point);
	}
	close(ends[0]);
	disk->to_guardian = ends[1];
}

void stalled_disk_open(struct stalled_disk *disk, size_t length, const char *what)
{
	struct file *file = &disk->inner.file;

	memset(disk, 0, sizeof(*disk));
	loop_open(&disk->outer, FILE_SYSTEM_BYTES, 0, "nothing yet");
	mount_outer(disk);
	post_guardian(disk);
	file->fd = openat(disk->root_fd, "disk", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file->fd < 0)
		error_now("a file on a new file system: %s", strerror(errno));
	file->length = length;
	file->pattern = pattern_new(what);
	file_fill(file);
	fsync(file->fd);
	loop_attach(&disk->inner, O_DIRECT);
	disk->sector = aligned_alloc(page_size(), page_size());
	if (!disk->sector)
		error_now("out of memory");
}

/* The last sector, with the bytes that it has. */
static long write_sector(void *argument)
{
	const struct stalled_disk *disk = argument;
	const struct file *file = &disk->inner.file;
	size_t position = file->length - SECTOR;

	pattern_write(disk->sector, file->pattern, position, SECTOR);
	return pwrite(file->io_fd, disk->sector, SECTOR, (off_t)position) == SECTOR ? 0 : -errno;
}

void stalled_disk_stall(struct stalled_disk *disk)
{
	if (ioctl(disk->root_fd, FIFREEZE, 0) < 0)
		skip_now("the file system cannot be frozen: %s", strerror(errno));
	call_init(&disk->in_the_way, "a write to a frozen disk", write_sector, disk);
	call_start(&disk->in_the_way);
	if (call_returns_or_waits(&disk->in_the_way))
		skip_now("a loop device does not wait for the file system's thaw here");
}

void stalled_disk_release(struct stalled_disk *disk)
{
	if (ioctl(disk->root_fd, FITHAW, 0) < 0)
		error_now("FITHAW: %s", strerror(errno));
	if (call_end(&disk->in_the_way) != 0)
		error_now("a write to a thawed disk: %s", result_text(disk->in_the_way.result));
}

void stalled_disk_close(struct stalled_disk *disk)
{
	loop_close(&disk->inner);
	close(disk->root_fd);
	close(disk->to_guardian);
	waitpid(disk->guardian, NULL, 0);
	loop_close(&disk->outer);
	free(disk->sector);
}
