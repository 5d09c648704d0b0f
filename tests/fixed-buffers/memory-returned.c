/*
 * What registered buffers take from the machine comes back when their ring is gone, with requests
 * in flight that still held them.
 *
 * Invariants, in every design:
 *   - the memory counts as locked no more within five seconds (RLIMIT_MEMLOCK of an unprivileged
 *     user, who may register again then);
 *   - memory that the application has unmapped meanwhile is free again.
 *
 * Kernels: 5.11 and later.
 *
 * Tells no designs apart: all of them must give back what they took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"
#include "program.h"
#include "register.h"

#define GIVEN_BACK_MS 5000u
#define NOBODY 65534
/* Pages: the limit allows the buffer once, and not twice. */
#define LOCKED_PAGES 64
#define LIMIT_PAGES 96
#define LARGE_PAGES 1024

/* An unprivileged user, whose limit allows the buffer once but not twice. */
static void memory_limit(struct run *run)
{
	const struct rlimit limit = { LIMIT_PAGES * page_size(), LIMIT_PAGES * page_size() };
	struct region region;
	struct iovec buffer;
	double longest_ms = 0;

	region_map(&region, LOCKED_PAGES, "memory that counts as locked");
	buffer = region_iovec(&region);
	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || (geteuid() == 0 && setuid(NOBODY) < 0))
		error_now("cannot become an unprivileged user: %s", strerror(errno));
	for (unsigned round = 0; round < run->rounds; round++) {
		int64_t start = clock_ns();
		struct flight flight;
		struct ring ring;
		int res;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		while ((res = register_buffers(&ring, &buffer, 1, NULL)) == -ENOMEM && round &&
		       ms_since(start) < GIVEN_BACK_MS)
			sleep_ms(10);
		if (res == -ENOMEM && round == 0)
			skip_now("this user's locked memory is used up by others");
		if (res < 0)
			fail_now(text("the closed ring's memory to count no more after %u ms", GIVEN_BACK_MS),
				 text("register gives %s", result_text(res)));
		if (ms_since(start) > longest_ms)
			longest_ms = ms_since(start);
		flight_open(&flight, &ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &region, 0, &run->rng);
		flight_prepare(&flight, 0);
		ring_submit(&ring, 1);
		ring_close(&ring);
	}
	observe_measure("register_after_ms", longest_ms, "ms");
}

static unsigned long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeram / 1024 * info.mem_unit;
}

/* A large buffer, unmapped while a request holds it; then the ring goes. */
static void leave_large_buffer(struct rng *rng)
{
	struct region region = { .length = LARGE_PAGES * page_size() };
	struct flight flight;
	struct iovec buffer;
	struct ring ring;

	region.base = mmap(NULL, region.length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (region.base == MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
	buffer = region_iovec(&region);
	ring_open(&ring, (struct ring_options){ .entries = 8 });
	register_or_leave(&ring, &buffer, 1, NULL);
	flight_open(&flight, &ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&flight, &region, 0, rng);
	flight_prepare(&flight, 0);
	ring_submit(&ring, 1);
	munmap(region.base, region.length);
	ring_close(&ring);
	flight_close(&flight);
}

/* Half of what was used may be elsewhere, in caches and the like. A leak would keep it all. */
static bool comes_back(unsigned long before_kib, unsigned long used_kib)
{
	struct deadline deadline = deadline_in_ms(GIVEN_BACK_MS);

	while (free_kib() + used_kib / 2 < before_kib) {
		if (deadline_passed(deadline))
			return false;
		sleep_ms(20);
	}
	return true;
}

static void memory_free(struct run *run)
{
	unsigned long used_kib = run->rounds * LARGE_PAGES * (page_size() / 1024);
	unsigned long before = 0;

	/* Other programs may take memory meanwhile, outside of a guest; a leak happens every time. */
	for (unsigned attempt = 0; attempt < 3; attempt++) {
		before = free_kib();
		for (unsigned round = 0; round < run->rounds; round++)
			leave_large_buffer(&run->rng);
		if (comes_back(before, used_kib))
			return;
	}
	fail(text("%lu KiB of unmapped memory free again after %u ms", used_kib, GIVEN_BACK_MS),
	     text("%lu KiB free before, %lu KiB now, and twice before", before, free_kib()));
}

static const struct point points[] = {
	{ "memory-limit", "the locked memory of closed rings counts no more", 4, memory_limit },
	{ "memory-free", "the unmapped memory of closed rings is free again", 8, memory_free },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "memory-returned",
		.summary = "memory that a ring held, after the ring is gone",
		.details =
			"Invariants: within five seconds of the ring's end its buffers count as locked no\n"
			"more, and what the application has unmapped is free again.\n"
			"Tells no designs apart: all of them must give back what they took.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
