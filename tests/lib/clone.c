#define _GNU_SOURCE
#include "clone.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "point.h"
#include "register.h"
#include "watch.h"

#define OPERATION 30 /* IORING_REGISTER_CLONE_BUFFERS */

int clone_buffers(struct ring *dst, const struct clone_request *request)
{
	int watch = watch_begin("cloning buffers", WAIT_MS);
	long res = syscall(__NR_io_uring_register, dst->uring.ring_fd, OPERATION, request, 1);

	if (res < 0)
		res = -errno;
	watch_end(watch);
	return (int)res;
}

int clone_all(struct ring *dst, const struct ring *src)
{
	return clone_buffers(dst, &(struct clone_request){ .src_fd = (uint32_t)src->uring.ring_fd });
}

/* The answer to a clone, perhaps of one slot, from a ring of two buffers. */
static int probe(uint32_t nr)
{
	struct region region;
	struct iovec buffers[2];
	struct ring src, dst;
	int res;

	ring_open(&src, (struct ring_options){ .entries = 1 });
	ring_open(&dst, (struct ring_options){ .entries = 1 });
	region_map(&region, 1, "memory for a probe");
	buffers[0] = buffers[1] = region_iovec(&region);
	register_or_leave(&src, buffers, 2, NULL);
	res = clone_buffers(&dst, &(struct clone_request){ .src_fd = (uint32_t)src.uring.ring_fd, .nr = nr });
	ring_close(&dst);
	ring_close(&src);
	region_unmap(&region);
	return res;
}

static bool answers(uint32_t nr, const char *what)
{
	int res = probe(nr);

	if (res < 0 && res != -EINVAL)
		fail_now(what, text("result %s", result_text(res)));
	return res == 0;
}

bool clone_is_there(void)
{
	return answers(0, "to clone two buffers, or EINVAL");
}

bool clone_range_is_there(void)
{
	return answers(1, "to clone one buffer of two, or EINVAL");
}

void clone_or_skip(void)
{
	if (!clone_is_there())
		skip_now("the kernel cannot clone buffers (before 6.12)");
}

void clone_range_or_skip(void)
{
	clone_or_skip();
	if (!clone_range_is_there())
		skip_now("the kernel cannot clone a part of the buffers (before 6.13)");
}
