#define _GNU_SOURCE
#include "compat.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "watch.h"

#ifdef __x86_64__

#define GETPID_32 20 /* arch/x86/entry/syscalls/syscall_32.tbl */

/* io_uring's calls have the same numbers everywhere. */
static long call_32(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	long result;

	/* The kernel may leave r8 to r11 in any state (asm/entry_64_compat.S). */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((unsigned long)number), "b"((unsigned long)a), "c"((unsigned long)b),
			   "d"((unsigned long)c), "S"((unsigned long)d), "D"(0UL)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

void compat_needed(void)
{
	int status = 0;
	/* Where 32-bit calls are switched off, the instruction itself is a fault. */
	pid_t child = fork();

	if (child == 0)
		_exit(call_32(GETPID_32, 0, 0, 0, 0) != getpid());
	if (child < 0 || waitpid(child, &status, 0) < 0)
		error_now("fork: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		skip_now("the kernel takes no calls of 32-bit programs (CONFIG_IA32_EMULATION)");
}

static void *map_low(size_t length, int protection)
{
	void *at = mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (at == MAP_FAILED)
		error_now("mmap below 4 GiB: %s", strerror(errno));
	return at;
}

#else

static long call_32(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	(void)number, (void)a, (void)b, (void)c, (void)d;
	return -ENOSYS;
}

void compat_needed(void)
{
	skip_now("calls of 32-bit programs are made on x86-64 only");
}

static void *map_low(size_t length, int protection)
{
	(void)length, (void)protection;
	return NULL;
}

#endif

void *compat_alloc(size_t size)
{
	return map_low(size, PROT_READ | PROT_WRITE);
}

void compat_region_map(struct region *region, size_t pages, const char *what)
{
	unsigned char *at = map_low((pages + 2) * page_size(), PROT_NONE);

	region->base = at + page_size();
	region->length = pages * page_size();
	region->pattern = pattern_new(what);
	if (mprotect(region->base, region->length, PROT_READ | PROT_WRITE) < 0)
		error_now("mprotect: %s", strerror(errno));
	region_fill(region);
}

struct compat_iovec compat_iovec(const struct region *region)
{
	return (struct compat_iovec){ (uint32_t)(uintptr_t)region->base, (uint32_t)region->length };
}

int compat_queue_init(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
	struct io_uring_params *low = compat_alloc(sizeof(*low));
	long fd;
	int res;

	*low = *params;
	fd = call_32(__NR_io_uring_setup, entries, (uint32_t)(uintptr_t)low, 0, 0);
	*params = *low;
	if (fd < 0)
		return (int)fd;
	res = io_uring_queue_mmap((int)fd, params, uring);
	if (res < 0) {
		close((int)fd);
		return res;
	}
	/* As io_uring_queue_init_params() does: entry i of the queue is SQE i. */
	for (unsigned i = 0; i < params->sq_entries; i++)
		uring->sq.array[i] = i;
	return 0;
}

int compat_register(struct ring *ring, unsigned operation, const void *argument, unsigned count)
{
	int watch = watch_begin("a registration call of a 32-bit program", WAIT_MS);
	long res = call_32(__NR_io_uring_register, (uint32_t)ring->uring.ring_fd, operation,
			   (uint32_t)(uintptr_t)argument, count);

	watch_end(watch);
	return (int)res;
}
