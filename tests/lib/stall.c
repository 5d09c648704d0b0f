#define _GNU_SOURCE
#include "stall.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "register.h"
#include "tasks.h"

/* An idle worker leaves after five seconds, unless it is the last (WORKER_IDLE_TIMEOUT in io_uring/io-wq.c). */
#define IDLE_MS scaled_ms(12000u)

/*
 * The limit counts for workers that are made, it sends none away: those that requests of an earlier
 * round left idle would take what is to stay in the queue (seen on 5.10 and 6.1, once in twenty runs).
 */
static void await_one_worker(void)
{
	struct deadline deadline = deadline_in_ms(IDLE_MS);

	while (tasks_workers() > 1) {
		if (deadline_passed(deadline))
			error_now("%u workers are left of earlier requests, and one was to be busy",
				  tasks_workers());
		sleep_ms(20);
	}
}

void stall_begin(struct stall *stall, struct ring *ring)
{
	struct io_uring_sqe *sqe;
	int res = limit_workers(ring, 1);

	if (res < 0)
		skip_now("the kernel cannot limit io-wq's workers (before 5.15): %s", result_text(res));
	await_one_worker();
	stall->released = false;
	hold_open_empty(&stall->from);
	hold_open_empty(&stall->to);
	stall->id = ring_announce(ring, "the splice that keeps the worker busy");
	sqe = ring_sqe(ring);
	io_uring_prep_splice(sqe, stall->from.read_fd, -1, stall->to.write_fd, -1, 1, 0);
	sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = stall->id;
	ring_submit(ring, 1);
}

void stall_release(struct stall *stall)
{
	if (!stall->released && write(stall->from.write_fd, "x", 1) != 1)
		error_now("write to the stall's pipe: %s", strerror(errno));
	stall->released = true;
}

void stall_close(struct stall *stall)
{
	hold_close(&stall->from);
	hold_close(&stall->to);
}
