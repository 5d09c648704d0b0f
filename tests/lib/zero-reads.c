#define _GNU_SOURCE
#include "zero-reads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "register.h"
#include "samples.h"
#include "watch.h"

void zero_reads_open(struct zero_reads *reads)
{
	struct iovec buffer;

	*reads = (struct zero_reads){ .fd = open("/dev/zero", O_RDONLY | O_CLOEXEC) };
	if (reads->fd < 0)
		error_now("/dev/zero: %s", strerror(errno));
	ring_open(&reads->ring, (struct ring_options){ .entries = 2 * ZERO_BATCH });
	region_map(&reads->region, ZERO_BATCH * ZERO_BYTES / page_size(), "the memory of many reads");
	buffer = region_iovec(&reads->region);
	register_or_leave(&reads->ring, &buffer, 1, NULL);
}

void zero_reads_close(struct zero_reads *reads)
{
	close(reads->fd);
	ring_check(&reads->ring);
	ring_close(&reads->ring);
	region_unmap(&reads->region);
}

static void prepare(struct zero_reads *reads, unsigned i)
{
	struct io_uring_sqe *sqe = ring_sqe(&reads->ring);
	void *at = reads->region.base + i * ZERO_BYTES;

	if (reads->fixed)
		io_uring_prep_read_fixed(sqe, reads->fd, at, ZERO_BYTES, 0, 0);
	else
		io_uring_prep_read(sqe, reads->fd, at, ZERO_BYTES, 0);
	sqe->flags = (uint8_t)reads->flags;
	if (i + 1 == ZERO_BATCH)
		sqe->flags &= (uint8_t) ~(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

static void reap(struct zero_reads *reads, unsigned *left)
{
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;

	io_uring_for_each_cqe(&reads->ring.uring, head, cqe) {
		bool broken_chain = cqe->res == -ECANCELED && reads->flags & IOSQE_IO_LINK;

		if (cqe->res != ZERO_BYTES && cqe->res != -EFAULT && !broken_chain)
			fail("a read of all its bytes, or EFAULT", text("result %s", result_text(cqe->res)));
		reads->failed += cqe->res < 0;
		reads->completed++;
		count++;
	}
	io_uring_cq_advance(&reads->ring.uring, count);
	*left -= count;
}

int64_t zero_reads_batch(struct zero_reads *reads)
{
	int watch = watch_begin("a batch of reads", WAIT_MS);
	unsigned left = ZERO_BATCH;
	int64_t spent = 0;

	for (unsigned i = 0; i < ZERO_BATCH; i++)
		prepare(reads, i);
	while (left) {
		/* Waits for one more only: a completion may already be there, of a request that failed. */
		bool submits = io_uring_sq_ready(&reads->ring.uring) != 0;
		int64_t start = fine_ns();
		int res = submits ? io_uring_submit(&reads->ring.uring) :
				    io_uring_submit_and_wait(&reads->ring.uring, 1);
		int64_t took = fine_ns() - start;

		if (submits) {
			spent += took;
			reads->refused += res <= 0;
			if (took > reads->longest_ns)
				reads->longest_ns = took;
		}
		if (res < 0 && res != -EINTR && res != -EAGAIN && res != -EBUSY)
			fail_now("io_uring_enter to work", text("result %s", result_text(res)));
		reap(reads, &left);
	}
	watch_end(watch);
	return spent;
}
