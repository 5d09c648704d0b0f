/*
 * The ring goes away while a worker is inside of a file's code, with the buffer in hand, and waits
 * for a lock there: nothing can cancel it, and it moves its bytes when the lock comes free. The lock
 * is held by a write() whose source is absent until the test provides it.
 *
 * Invariants, in every design:
 *   - as long as the worker can move bytes, its buffer stays pinned, though the ring is closed and
 *     the addresses are unmapped;
 *   - it moves all its bytes or none, from and to the memory that was registered;
 *   - within five seconds after it has gone on nothing is pinned any more.
 *
 * Kernels: 5.11 and later, with userfaultfd for the kernel's own faults (root).
 *
 * Tells no designs apart: all of them must wait for such a request.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "absent.h"
#include "clock.h"
#include "file-io.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "tasks.h"
#include "trial.h"
#include "watch.h"

#define GONE_MS 5000u

/* The write() that holds the lock of what `fd` stands for. */
struct holder {
	struct absent absent;
	struct region source;
	int fd;
	size_t length;
	pthread_t thread;
};

static void *hold_lock(void *argument)
{
	struct holder *holder = argument;
	int watch = watch_begin("a write from memory that is absent for a while", WAIT_MS);
	ssize_t res = write(holder->fd, holder->source.base, holder->length);

	watch_end(watch);
	if (res != (ssize_t)holder->length)
		error_now("the write that holds the lock gave %zd of %zu", res, holder->length);
	return NULL;
}

static void holder_begin(struct holder *holder, int fd, struct pattern payload, size_t length)
{
	holder->fd = fd;
	holder->length = length;
	region_map(&holder->source, 2, "what the holder of the lock writes");
	pattern_write(holder->source.base, payload, 0, length);
	absent_begin(&holder->absent, holder->source.base, holder->source.length);
	if (pthread_create(&holder->thread, NULL, hold_lock, holder))
		error_now("cannot start a thread");
	absent_await_touch(&holder->absent, "a write");
}

static void holder_end(struct holder *holder)
{
	absent_end(&holder->absent);
	pthread_join(holder->thread, NULL);
	region_unmap(&holder->source);
}

static void await_busy_worker(void)
{
	struct deadline deadline = deadline_in_ms(WAIT_MS);

	while (tasks_workers_in_state('D') == 0) {
		if (deadline_passed(deadline))
			error_now("no worker waits for the lock");
		sleep_ms(2);
	}
}

/* How many pages are pinned when the ring is closed and all has happened that this sets in motion. */
static long close_ring(struct ring *ring, long pins)
{
	ring_close(ring);
	settle();
	sleep_ms(scaled_ms(200));
	settle();
	return pins < 0 ? BUFFER_PAGES : pins_outstanding() - pins;
}

static void judge(bool moved, long pinned, long pins)
{
	if (moved && pinned < BUFFER_PAGES)
		fail("the buffer pinned until the worker that uses it is done",
		     text("%ld pages pinned, and it went on to move its bytes", pinned));
	if (pins >= 0 && !pins_fall_to(pins, GONE_MS))
		fail(text("no page of the ring pinned %u ms after its last request went on", GONE_MS),
		     text("%ld pages pinned, %ld before", pins_outstanding(), pins));
	observe("worker", moved ? "moves-its-bytes" : "moves-nothing");
}

/* For what the worker may still do when its lock has come free, on kernels that do not count pins. */
static void await_unpinned(long pins)
{
	if (pins < 0 || !pins_fall_to(pins, GONE_MS))
		sleep_ms(scaled_ms(500));
	settle();
}

static void busy_read(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest(), pinned;
		struct holder holder;
		struct region region;
		struct flight flight;
		struct iovec buffer;
		struct ring ring;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		region_map(&region, BUFFER_PAGES, "the memory of a read");
		buffer = region_iovec(&region);
		register_or_leave(&ring, &buffer, 1, NULL);
		flight_open(&flight, &ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &region, 0, &run->rng);
		holder_begin(&holder, flight.pipe.write_fd, flight.payload, flight.length);
		flight_prepare(&flight, IOSQE_ASYNC);
		ring_submit(&ring, 1);
		await_busy_worker();
		pinned = close_ring(&ring, pins);
		holder_end(&holder);
		await_unpinned(pins);
		judge(flight_judge_unreported(&flight, &region) == USED_OLD, pinned, pins);
		flight_close(&flight);
		region_unmap(&region);
	}
}

/* Behind the holder's bytes there is what the worker has written, or nothing yet. */
static bool judge_file(int fd, struct pattern pattern, size_t position)
{
	unsigned char bytes[BUFFER_PAGES * 4096];
	ssize_t got = pread(fd, bytes, sizeof(bytes), (off_t)position);

	if (got == 0)
		return false;
	if (got != (ssize_t)sizeof(bytes) || pattern_mismatch(bytes, pattern, 0, sizeof(bytes)) >= 0)
		fail("all bytes of the registered memory in the file",
		     text("%zd bytes: %s", got, got > 0 ? pattern_describe(bytes, (size_t)got) : strerror(errno)));
	return true;
}

static void busy_write(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest(), pinned;
		struct region region, other;
		struct io_uring_sqe *sqe;
		struct holder holder;
		struct iovec buffer;
		struct pattern pattern;
		struct ring ring;
		bool moved;
		int fd = memfd_create("busy", MFD_CLOEXEC);

		if (fd < 0)
			error_now("memfd_create: %s", strerror(errno));
		ring_open(&ring, (struct ring_options){ .entries = 8 });
		region_map(&region, BUFFER_PAGES, "the memory of a write");
		pattern = region.pattern;
		buffer = region_iovec(&region);
		register_or_leave(&ring, &buffer, 1, NULL);
		holder_begin(&holder, fd, pattern_new("what holds the lock"), page_size());
		sqe = ring_sqe(&ring);
		io_uring_prep_write_fixed(sqe, fd, region.base, (unsigned)region.length, page_size(), 0);
		sqe->flags |= IOSQE_ASYNC;
		sqe->user_data = ring_announce(&ring, "WRITE_FIXED");
		ring_submit(&ring, 1);
		await_busy_worker();
		/* The buffer's pages belong to nobody but the ring, and others want some. */
		region_unmap(&region);
		pinned = close_ring(&ring, pins);
		region_map(&other, 4 * BUFFER_PAGES, "memory of somebody else");
		holder_end(&holder);
		await_unpinned(pins);
		moved = judge_file(fd, pattern, page_size());
		judge(moved, pinned, pins);
		region_unmap(&other);
		close(fd);
	}
}

static const struct point points[] = {
	{ "busy-read", "a worker reads from a pipe whose lock is held, and the ring is closed", 2, busy_read },
	{ "busy-write", "a worker writes to a file whose lock is held; ring and addresses go away", 2, busy_write },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "close-busy",
		.summary = "a ring that is closed while a worker, which nothing can cancel, has a buffer in hand",
		.details =
			"Invariants: the buffer stays pinned until the worker is done; it moves all its bytes\n"
			"or none; nothing is pinned five seconds later.\n"
			"Tells no designs apart: all of them must wait for such a request.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
