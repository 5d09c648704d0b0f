/*
 * What else a ring is asked to do while unregister is at work.
 *
 * Invariants, in every design:
 *   - a submission, an update, a registration returns although an unregister is waiting for requests
 *     in flight: who submits may be the one who could let them go;
 *   - a request in flight whose end depends on another one that is issued meanwhile, and must look
 *     up its buffer then, ends when that one has done its work; if the other one fails instead, the
 *     kernel locks nothing up: what the request waits for can be provided in another way;
 *   - each fixed request completes once, with all its bytes or with EFAULT and none.
 *
 * Kernels: 5.11 and later.
 *
 * Tells apart: what a request that is submitted while unregister waits gets (fixed_request); whether
 * one that was submitted before and is issued meanwhile finds its buffer (writer=full, -14).
 */
#include <errno.h>
#include <pthread.h>

#include "call.h"
#include "gate.h"
#include "program.h"
#include "register.h"
#include "trial.h"

#define BATCH 16

/* One submission of many that are made while unregister is at work. */
struct ask {
	const char *what;
	struct ring *ring;
	unsigned flags; /* IOSQE_* */
	unsigned nops;  /* behind the fixed read */
	struct call call;
};

static long submit_some(void *argument)
{
	const struct ask *ask = argument;

	for (unsigned i = 0; i < ask->nops; i++) {
		struct io_uring_sqe *sqe = ring_sqe(ask->ring);

		io_uring_prep_nop(sqe);
		sqe->flags = (uint8_t)ask->flags;
		sqe->user_data = ring_announce(ask->ring, "a NOP while unregister is at work");
	}
	/* A batch ends at a request that fails when it is taken; the rest is submitted again. */
	while (io_uring_sq_ready(&ask->ring->uring)) {
		int res = io_uring_submit(&ask->ring->uring);

		if (res < 0)
			return res;
	}
	return 0;
}

static void *watch_submission(void *argument)
{
	struct ask *ask = argument;

	if (!call_returns_or_waits(&ask->call))
		fail_now(text("%s to be submitted while unregister is at work", ask->what),
			 "the submission waits");
	return NULL;
}

/* By this thread, because requests of one that ends would be cancelled. */
static void ask_meanwhile(struct ask ask, struct trial *trial, struct agreed *fixed)
{
	struct landing landing;
	struct flight flight;
	pthread_t watcher;

	ask.ring = &trial->ring;
	flight_open(&flight, ask.ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&flight, &trial->fresh[0], 0, trial->rng);
	flight_prepare(&flight, ask.flags);
	call_init(&ask.call, ask.what, submit_some, &ask);
	if (pthread_create(&watcher, NULL, watch_submission, &ask))
		error_now("cannot start a thread");
	call_here(&ask.call);
	pthread_join(watcher, NULL);
	if (ask.call.result < 0)
		fail_now(text("%s to be accepted", ask.what), text("result %s", result_text(ask.call.result)));
	landing = flight_land(&flight, &trial->fresh[0], NULL, false);
	agreed_add(fixed, landing_result(&flight, &landing));
	flight_close(&flight);
}

static void enter_bounded(struct run *run)
{
	struct agreed fixed = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		const struct trial_plan plan = { .direction = FLIGHT_READ, .flights = 2,
						 .stage = round % 2 ? STAGE_ISSUED : STAGE_ARMED };
		struct trial trial;
		struct call unregister;

		trial_open(&trial, plan, &run->rng);
		trial_map_elsewhere(&trial);
		call_init(&unregister, "unregister", trial_unregister, &trial);
		call_start(&unregister);
		call_returns_or_waits(&unregister);
		ask_meanwhile((struct ask){ .what = "a fixed read" }, &trial, &fixed);
		ask_meanwhile((struct ask){ .what = "a fixed read and NOPs", .nops = BATCH }, &trial, &fixed);
		ask_meanwhile((struct ask){ .what = "an asynchronous fixed read",
					    .flags = IOSQE_ASYNC, .nops = 2 }, &trial, &fixed);
		ask_meanwhile((struct ask){ .what = "a linked fixed read",
					    .flags = IOSQE_IO_HARDLINK, .nops = 2 }, &trial, &fixed);
		for (unsigned i = 0; i < plan.flights; i++)
			flight_release(&trial.flights[i]);
		if (call_end(&unregister) < 0)
			fail("unregister to succeed", text("result %s", result_text(unregister.result)));
		for (unsigned i = 0; i < plan.flights; i++)
			trial_land_one(&trial, i);
		trial_close(&trial);
	}
	observe_agreed("fixed_request", &fixed);
}

/* A read of an empty pipe, and a write to it that is submitted, but issued only when a gate opens. */
struct dependence {
	struct ring ring;
	struct region target;
	struct region source;
	struct flight reader;
	struct gate gate;
	uint64_t writer_id;
	size_t writer_offset;
};

static void prepare_writer(struct dependence *dep, bool by_worker)
{
	struct io_uring_sqe *sqe;

	gate_prepare(&dep->gate, &dep->ring);
	sqe = ring_sqe(&dep->ring);
	io_uring_prep_write_fixed(sqe, dep->reader.pipe.write_fd, dep->source.base + dep->writer_offset,
				  (unsigned)dep->reader.length, (uint64_t)-1, 1);
	sqe->flags = by_worker ? IOSQE_ASYNC : 0;
	sqe->user_data = dep->writer_id = ring_announce(&dep->ring, "the write that feeds the read");
}

static void depend(struct dependence *dep, struct rng *rng, bool by_worker)
{
	struct iovec buffers[2];

	ring_open(&dep->ring, (struct ring_options){ .entries = 8 });
	region_map(&dep->target, BUFFER_PAGES, "the memory of the read");
	region_map(&dep->source, BUFFER_PAGES, "the memory of the write");
	buffers[0] = region_iovec(&dep->target);
	buffers[1] = region_iovec(&dep->source);
	register_or_leave(&dep->ring, buffers, 2, NULL);
	flight_open(&dep->reader, &dep->ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&dep->reader, &dep->target, 0, rng);
	dep->writer_offset = rng_below(rng, dep->source.length - dep->reader.length + 1);
	flight_prepare(&dep->reader, 0);
	prepare_writer(dep, by_worker);
	ring_submit(&dep->ring, 3);
	flights_await_issued(&dep->ring, 2);
}

/* The read has brought what the write has written. */
static void check_fed(struct dependence *dep)
{
	const struct flight *reader = &dep->reader;
	struct region *target = &dep->target;
	int res = ring_await(&dep->ring, reader->id).res;

	if (res != (int)reader->length)
		fail("the read to bring what was written", text("result %s", result_text(res)));
	else if (pattern_mismatch(reader->at, dep->source.pattern, dep->writer_offset, reader->length) >= 0)
		fail("the bytes of the write in the memory of the read", region_describe(target));
	pattern_write(reader->at, target->pattern, reader->offset, reader->length);
	if (pattern_mismatch(target->base, target->pattern, 0, target->length) >= 0)
		fail("no byte outside the range of the read", region_describe(target));
}

static void write_feeds_read(struct run *run)
{
	struct agreed writer = { 0 }, waited = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct dependence dep;
		struct call unregister;
		int res;

		depend(&dep, &run->rng, round % 2);
		call_init(&unregister, "unregister", unregister_ring, &dep.ring);
		call_start(&unregister);
		agreed_add(&waited, call_returns_or_waits(&unregister) ? "no" : "yes");
		gate_open(&dep.gate);
		res = ring_await(&dep.ring, dep.writer_id).res;
		agreed_add(&writer, res == (int)dep.reader.length ? "full" : text("%d", res));
		if (res == (int)dep.reader.length) {
			check_fed(&dep);
		} else {
			if (res != -EFAULT)
				fail("the write to move all its bytes or fail with EFAULT", result_text(res));
			flight_release(&dep.reader);
			flight_land(&dep.reader, &dep.target, NULL, false);
		}
		if (call_end(&unregister) != 0)
			fail("unregister to succeed", text("result %s", result_text(unregister.result)));
		check_usable(&dep.ring, &run->rng);
		ring_check(&dep.ring);
		ring_close(&dep.ring);
		flight_close(&dep.reader);
		gate_close(&dep.gate);
		region_unmap(&dep.target);
		region_unmap(&dep.source);
	}
	observe_agreed("writer", &writer);
	observe_agreed("unregister_waited", &waited);
}

static const struct point points[] = {
	{ "enter-bounded", "submissions while unregister waits for requests in flight", 2, enter_bounded },
	{ "write-feeds-read", "a read waits for a write that is issued meanwhile, inline or by a worker", 2,
	  write_feeds_read },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "quiesce-meanwhile",
		.summary = "submissions, and requests that depend on each other, while unregister waits",
		.details =
			"Invariants: submissions return although an unregister waits; requests that depend on\n"
			"one that is issued meanwhile end; fixed requests move all their bytes or fail with\n"
			"EFAULT.\n"
			"Tells apart: what requests submitted or issued while unregister waits get.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
