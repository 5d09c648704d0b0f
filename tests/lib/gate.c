#include "gate.h"

void gate_prepare(struct gate *gate, struct ring *ring)
{
	static char nowhere;
	struct io_uring_sqe *sqe;

	hold_open_empty(&gate->pipe);
	sqe = ring_sqe(ring);
	io_uring_prep_read(sqe, gate->pipe.read_fd, &nowhere, 1, (uint64_t)-1);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = ring_announce(ring, "the plain read that heads the link");
}

void gate_open(struct gate *gate)
{
	hold_feed(&gate->pipe, pattern_new("one byte for the head of a link"), 1);
}

void gate_close(struct gate *gate)
{
	hold_close(&gate->pipe);
}
