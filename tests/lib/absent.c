#define _GNU_SOURCE
#include "absent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"

void absent_begin(struct absent *absent, void *base, size_t length)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)base, length },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };

	*absent = (struct absent){ .base = base, .length = length, .content = malloc(length) };
	absent->uffd = (int)syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (absent->uffd < 0)
		skip_now("no userfaultfd: %s", strerror(errno));
	if (!absent->content || ioctl(absent->uffd, UFFDIO_API, &api) < 0)
		error_now("userfaultfd: %s", strerror(errno));
	memcpy(absent->content, base, length);
	if (ioctl(absent->uffd, UFFDIO_REGISTER, &range) < 0)
		error_now("UFFDIO_REGISTER: %s", strerror(errno));
	if (madvise(base, length, MADV_DONTNEED) < 0)
		error_now("MADV_DONTNEED: %s", strerror(errno));
}

bool absent_is_touched(struct absent *absent, unsigned ms)
{
	struct pollfd touched = { .fd = absent->uffd, .events = POLLIN };

	return poll(&touched, 1, (int)ms) == 1;
}

void absent_await_touch(struct absent *absent, const char *who)
{
	if (!absent_is_touched(absent, WAIT_MS))
		error_now("%s does not touch the absent memory", who);
}

void absent_end(struct absent *absent)
{
	struct uffdio_copy copy = { .dst = (uintptr_t)absent->base,
				    .src = (uintptr_t)absent->content,
				    .len = absent->length };

	if (ioctl(absent->uffd, UFFDIO_COPY, &copy) < 0)
		error_now("UFFDIO_COPY: %s", strerror(errno));
	absent_give_up(absent);
}

void absent_give_up(struct absent *absent)
{
	close(absent->uffd);
	free(absent->content);
}
