#define _GNU_SOURCE
#include "register.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "watch.h"

static int register_call(struct ring *ring, const char *what, unsigned operation, const void *argument,
			 unsigned count)
{
	int watch = watch_begin(what, WAIT_MS);
	long res = syscall(__NR_io_uring_register, ring->uring.ring_fd, operation, argument, count);

	/* Before anything else may change errno. */
	if (res < 0)
		res = -errno;
	watch_end(watch);
	return (int)res;
}

int register_buffers(struct ring *ring, const struct iovec *buffers, unsigned count,
		     const uint64_t *tags)
{
	const struct io_uring_rsrc_register with_tags = {
		.nr = count,
		.data = (uintptr_t)buffers,
		.tags = (uintptr_t)tags,
	};

	if (tags)
		return register_call(ring, "registering buffers", IORING_REGISTER_BUFFERS2, &with_tags,
				     sizeof(with_tags));
	return register_call(ring, "registering buffers", IORING_REGISTER_BUFFERS, buffers, count);
}

void register_or_leave(struct ring *ring, const struct iovec *buffers, unsigned count,
		       const uint64_t *tags)
{
	int res = register_buffers(ring, buffers, count, tags);

	if (res >= 0) {
		ring->has_registered = true;
		return;
	}
	if (ring->has_registered)
		fail_now(text("to register %u buffers again", count), text("result %s", result_text(res)));
	if (res == -ENOMEM && geteuid() != 0)
		skip_now("RLIMIT_MEMLOCK does not allow the buffers; run as root");
	if (res == -EINVAL && tags)
		skip_now("the kernel has no tagged buffers (before 5.13)");
	error_now("registering %u buffers: %s", count, result_text(res));
}

int unregister_once(struct ring *ring)
{
	return register_call(ring, "unregistering the buffers", IORING_UNREGISTER_BUFFERS, NULL, 0);
}

int unregister_buffers(struct ring *ring)
{
	struct deadline deadline = deadline_in_ms(WAIT_MS);
	unsigned interrupted = 0;
	int res;

	do {
		res = unregister_once(ring);
		interrupted += res == -EINTR;
	} while (res == -EINTR && !deadline_passed(deadline));
	if (interrupted)
		note("unregister was interrupted (EINTR) %u times", interrupted);
	return res;
}

long unregister_ring(void *ring)
{
	return unregister_buffers(ring);
}

void unregister_or_fail(struct ring *ring)
{
	int res = unregister_buffers(ring);

	if (res < 0)
		fail("to unregister", text("result %s", result_text(res)));
}

int update_buffers(struct ring *ring, unsigned first, const struct iovec *buffers, unsigned count,
		   const uint64_t *tags)
{
	struct io_uring_rsrc_update2 update = {
		.offset = first,
		.data = (uintptr_t)buffers,
		.tags = (uintptr_t)tags,
		.nr = count,
	};

	return register_call(ring, "updating the buffers", IORING_REGISTER_BUFFERS_UPDATE, &update,
			     sizeof(update));
}

int limit_workers(struct ring *ring, unsigned workers)
{
	/* Bounded and unbounded workers; the kernel writes the limits of before back. */
	unsigned limits[2] = { workers, workers };

	return register_call(ring, "limiting the io-wq workers", IORING_REGISTER_IOWQ_MAX_WORKERS, limits,
			     2);
}
