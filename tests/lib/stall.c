#define _GNU_SOURCE
#include "stall.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "point.h"
#include "register.h"

void stall_begin(struct stall *stall, struct ring *ring)
{
	struct io_uring_sqe *sqe;
	int res = limit_workers(ring, 1);

	if (res < 0)
		skip_now("the kernel cannot limit io-wq's workers (before 5.15): %s", result_text(res));
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
