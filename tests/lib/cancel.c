#include "cancel.h"

static int submit_and_await(struct ring *ring, struct io_uring_sqe *sqe)
{
	uint64_t id = ring_announce(ring, "a cancellation");

	sqe->user_data = id;
	ring_submit(ring, 1);
	return ring_await(ring, id).res;
}

int cancel_request(struct ring *ring, uint64_t id)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	io_uring_prep_cancel64(sqe, id, 0);
	return submit_and_await(ring, sqe);
}

int cancel_by_file(struct ring *ring, int fd)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	io_uring_prep_cancel_fd(sqe, fd, 0);
	return submit_and_await(ring, sqe);
}
