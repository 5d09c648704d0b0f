/*
 * The memory that the kernel holds for one request in flight, fixed or plain: armed with a poll,
 * queued for a worker (IOSQE_ASYNC), or linked behind one that waits. A design that keeps the buffer
 * with the request, in memory of its own, pays here.
 *
 * Invariants, in every design: each read moves its bytes.
 *
 * Kernels: 5.15 and later, with /proc/meminfo. To be measured with profile `bare`: others pad objects.
 *
 * Bytes by which COUNTED reads make Slab of /proc/meminfo grow, divided by their number. Other reads go
 * before them, for the memory that the allocator and the ring have in store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gate.h"
#include "hold.h"
#include "memory.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "stall.h"

#define SOAKING 2048
#define COUNTED 4096
#define REQUESTS (SOAKING + COUNTED)
#define BYTES 8
#define MOST_ROUNDS 15

enum way { WAY_ARMED, WAY_QUEUED, WAY_LINKED };

struct herd {
	struct ring ring;
	struct hold socket;
	struct region region;
	struct stall stall;
	struct gate gates[2];
	unsigned batches;
	uint64_t ids[REQUESTS];
	unsigned submitted;
};

static long slab_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file;

	/* The kernel adds up what each CPU has counted only now and then, unless it is told to. */
	pins_refresh();
	file = fopen("/proc/meminfo", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %ld kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	if (kib < 0)
		skip_now("/proc/meminfo does not tell of slabs");
	return kib;
}

static void submit(struct herd *herd, enum way way, bool fixed, unsigned count)
{
	if (way == WAY_LINKED)
		gate_prepare(&herd->gates[herd->batches++], &herd->ring);
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = ring_sqe(&herd->ring);
		unsigned char *at = herd->region.base + herd->submitted * BYTES;

		if (fixed)
			io_uring_prep_read_fixed(sqe, herd->socket.read_fd, at, BYTES, (uint64_t)-1, 0);
		else
			io_uring_prep_read(sqe, herd->socket.read_fd, at, BYTES, (uint64_t)-1);
		if (way == WAY_QUEUED)
			sqe->flags |= IOSQE_ASYNC;
		if (way == WAY_LINKED && i + 1 < count)
			sqe->flags |= IOSQE_IO_LINK;
		sqe->user_data = ring_announce(&herd->ring, "a read of a herd");
		herd->ids[herd->submitted++] = sqe->user_data;
	}
	ring_submit(&herd->ring, count + (way == WAY_LINKED));
}

static void let_go(struct herd *herd, enum way way)
{
	static const char bytes[REQUESTS * BYTES];

	if (send(herd->socket.write_fd, bytes, sizeof(bytes), MSG_NOSIGNAL) != (ssize_t)sizeof(bytes))
		error_now("send: %s", strerror(errno));
	if (way == WAY_QUEUED)
		stall_release(&herd->stall);
	for (unsigned i = 0; i < herd->batches; i++)
		gate_open(&herd->gates[i]);
	for (unsigned i = 0; i < REQUESTS; i++) {
		int res = ring_await(&herd->ring, herd->ids[i]).res;

		if (res != BYTES)
			fail("every read to move its bytes", text("result %s", result_text(res)));
	}
}

/* Bytes of slab for each request of a herd. */
static double weigh(enum way way, bool fixed)
{
	struct iovec buffer;
	static struct herd herd;
	long before, grown;

	herd.batches = herd.submitted = 0;
	ring_open(&herd.ring, (struct ring_options){ .entries = 2 * REQUESTS });
	hold_open_through(&herd.socket);
	region_map(&herd.region, REQUESTS * BYTES / page_size(), "the memory of a herd");
	buffer = region_iovec(&herd.region);
	register_or_leave(&herd.ring, &buffer, 1, NULL);
	if (way == WAY_QUEUED)
		stall_begin(&herd.stall, &herd.ring);
	settle();
	submit(&herd, way, fixed, SOAKING);
	before = slab_kib();
	submit(&herd, way, fixed, COUNTED);
	grown = slab_kib() - before;
	let_go(&herd, way);
	unregister_or_fail(&herd.ring);
	ring_check(&herd.ring);
	ring_close(&herd.ring);
	hold_close(&herd.socket);
	region_unmap(&herd.region);
	if (way == WAY_QUEUED)
		stall_close(&herd.stall);
	for (unsigned i = 0; i < herd.batches; i++)
		gate_close(&herd.gates[i]);
	settle();
	return 1024.0 * (double)grown / COUNTED;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* What others allocate and free meanwhile moves single rounds, in either direction. */
static double median_weight(struct run *run, enum way way, bool fixed)
{
	double weights[MOST_ROUNDS];
	unsigned count = run->rounds < MOST_ROUNDS ? run->rounds : MOST_ROUNDS;

	for (unsigned i = 0; i < count; i++)
		weights[i] = weigh(way, fixed);
	qsort(weights, count, sizeof(weights[0]), by_value);
	return weights[count / 2];
}

static void measure(struct run *run, enum way way)
{
	observe_measure("plain_request", median_weight(run, way, false), "bytes");
	observe_measure("fixed_request", median_weight(run, way, true), "bytes");
}

static void armed(struct run *run)
{
	measure(run, WAY_ARMED);
}

static void queued(struct run *run)
{
	measure(run, WAY_QUEUED);
}

static void linked(struct run *run)
{
	measure(run, WAY_LINKED);
}

static const struct point points[] = {
	{ "armed", "reads that wait for a socket, armed with a poll", 3, armed },
	{ "queued", "reads for workers, behind a busy one", 3, queued },
	{ "linked", "reads linked behind one that waits", 3, linked },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "request-memory",
		.summary = "the memory that the kernel holds for a request in flight",
		.details =
			"Prints bytes of slab for one plain and one fixed read, by the way in which it waits.\n"
			"Invariants: each read moves its bytes.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
