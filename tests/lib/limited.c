#define _GNU_SOURCE
#include "limited.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memory.h"
#include "point.h"

#define NOBODY 65534

void limit_locked_memory(size_t pages)
{
	struct rlimit limit;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	limit.rlim_cur = pages * page_size();
	if (limit.rlim_cur > limit.rlim_max)
		skip_now("RLIMIT_MEMLOCK cannot be set to %zu pages; run as root", pages);
	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		error_now("setrlimit: %s", strerror(errno));
}

void ring_open_limited(struct ring *ring, struct ring_options options)
{
	bool root = geteuid() == 0;

	/* The real user is the one who pays; the saved one is the way back. */
	if (root && setresuid(NOBODY, NOBODY, 0) < 0)
		error_now("cannot become an unprivileged user: %s", strerror(errno));
	ring_open(ring, options);
	if (root && setresuid(0, 0, 0) < 0)
		error_now("cannot become root again: %s", strerror(errno));
}
