/*
 * Fixed requests that are cancelled in flight, while their buffers are being unregistered.
 *
 * Invariants, in every design:
 *   - each request completes exactly once: cancelled (ECANCELED, or EINTR from a worker that ran
 *     it), with all its bytes, or with EFAULT; a cancelled one has moved no byte, and moves none
 *     when its pipe becomes ready later;
 *   - each cancellation and each time-out completes exactly once;
 *   - an unregister that waits for the requests returns when they are cancelled;
 *   - a buffer whose requests are cancelled stays registered: pinned, without its tag, usable;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.11 and later; table-kept 5.13; queued reads 5.15, by descriptor 5.19.
 *
 * Tells apart: unregister that waits for its users from one that does not. Catches a buffer's
 * reference that cancellation drops twice, or never.
 */
#include <errno.h>

#include "call.h"
#include "cancel.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"

/* Of the link time-outs: long enough for unregister to be at work before. */
#define TIMEOUT_NS 200000000

static int cancel_by_user_data(struct trial *trial, unsigned i)
{
	return cancel_request(&trial->ring, trial->flights[i].id);
}

static int cancel_by_fd(struct trial *trial, unsigned i)
{
	int res = cancel_by_file(&trial->ring, trial->flights[i].pipe.read_fd);

	if (res == -EINVAL)
		skip_now("the kernel cannot cancel by descriptor (before 5.19)");
	return res;
}

/* The request is linked behind this one, and so is cancelled with it. */
static int cancel_the_gate(struct trial *trial, unsigned i)
{
	return cancel_request(&trial->ring, trial->gate_ids[i]);
}

/* What the cancelled requests waited for comes true; nobody must be there to take it. */
static void cancel_in_flight(struct run *run, enum direction direction, enum stage stage,
			     int (*cancel_one)(struct trial *trial, unsigned i))
{
	const struct trial_plan plan = {
		.direction = direction, .stage = stage, .flights = 4, .may_be_cancelled = true
	};
	struct agreed waited = { 0 }, cancellation = { 0 }, result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;
		struct call call;

		trial_open(&trial, plan, &run->rng);
		call_init(&call, "unregister", trial_unregister, &trial);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		for (unsigned i = 0; i < plan.flights; i++)
			agreed_add(&cancellation, text("%d", cancel_one(&trial, i)));
		if (plan.stage == STAGE_QUEUED)
			stall_release(&trial.stall);
		for (unsigned i = 0; i < plan.flights; i++)
			ring_await(&trial.ring, trial.flights[i].id);
		if (call_end(&call) < 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		trial_let_go(&trial);
		for (unsigned i = 0; i < plan.flights; i++) {
			struct landing landing = trial_land_one(&trial, i);

			agreed_add(&result, landing_result(&trial.flights[i], &landing));
		}
		trial_close(&trial);
	}
	observe_agreed("unregister_waited", &waited);
	observe_agreed("cancellation", &cancellation);
	observe_agreed("result", &result);
}

static void armed_reads(struct run *run)
{
	cancel_in_flight(run, FLIGHT_READ, STAGE_ARMED, cancel_by_user_data);
}

static void armed_writes(struct run *run)
{
	cancel_in_flight(run, FLIGHT_WRITE, STAGE_ARMED, cancel_by_user_data);
}

static void issued_reads(struct run *run)
{
	cancel_in_flight(run, FLIGHT_READ, STAGE_ISSUED, cancel_by_user_data);
}

static void queued_reads(struct run *run)
{
	cancel_in_flight(run, FLIGHT_READ, STAGE_QUEUED, cancel_by_user_data);
}

static void linked_reads(struct run *run)
{
	cancel_in_flight(run, FLIGHT_READ, STAGE_LINKED, cancel_the_gate);
}

static void by_descriptor(struct run *run)
{
	cancel_in_flight(run, FLIGHT_READ, STAGE_ARMED, cancel_by_fd);
}

/* To a table that nobody has changed, each of its buffers. */
static void use_again(struct trial *trial, unsigned i)
{
	struct region *region = &trial->old[i];
	struct landing landing;
	struct flight flight;

	flight_open(&flight, &trial->ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&flight, region, i, trial->rng);
	flight_prepare(&flight, i % 2 ? IOSQE_ASYNC : 0);
	ring_submit(&trial->ring, 1);
	landing = flight_land(&flight, region, NULL, false);
	if (landing.used != USED_OLD)
		fail("a read into a buffer that is still registered", text("result %s", result_text(landing.res)));
	region_fill(region);
	flight_close(&flight);
}

static void table_kept(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct trial_plan plan = {
			.direction = round % 2 ? FLIGHT_WRITE : FLIGHT_READ, .flights = 4,
			.stage = round / 2 % 2 ? STAGE_ISSUED : STAGE_ARMED, .tagged = true, .may_be_cancelled = true
		};
		struct trial trial;
		long pinned;

		trial_open(&trial, plan, &run->rng);
		for (unsigned i = 0; i < plan.flights; i++)
			cancel_request(&trial.ring, trial.flights[i].id);
		for (unsigned i = 0; i < plan.flights; i++)
			ring_await(&trial.ring, trial.flights[i].id);
		trial_let_go(&trial);
		settle();
		for (unsigned i = 0; i < plan.flights; i++) {
			trial_land_one(&trial, i);
			if (ring_look(&trial.ring, trial.tags[i]).order)
				fail(text("no tag of buffer %u, which is still registered", i), "its tag has come");
		}
		pinned = pins_outstanding() - trial.pins_before;
		if (trial.pins_before >= 0 && pinned < (long)plan.flights * BUFFER_PAGES)
			fail(text("%u pinned pages of registered buffers", plan.flights * BUFFER_PAGES),
			     text("%ld", pinned));
		for (unsigned i = 0; i < plan.flights; i++)
			use_again(&trial, i);
		trial_close(&trial);
	}
}

static void link_timeout(struct run *run)
{
	struct __kernel_timespec timeout = { .tv_nsec = TIMEOUT_NS };
	struct agreed result = { 0 }, timed_out = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct region region;
		struct flight flight;
		struct landing landing;
		struct iovec buffer;
		struct io_uring_sqe *sqe;
		struct ring ring;
		struct call call;
		uint64_t id;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		region_map(&region, BUFFER_PAGES, "the memory of a read with a time-out");
		buffer = region_iovec(&region);
		register_or_leave(&ring, &buffer, 1, NULL);
		flight_open(&flight, &ring, FLIGHT_READ, FLIGHT_HELD);
		flight_aim(&flight, &region, 0, &run->rng);
		flight_prepare(&flight, IOSQE_IO_LINK | (round % 2 ? IOSQE_ASYNC : 0));
		sqe = ring_sqe(&ring);
		io_uring_prep_link_timeout(sqe, &timeout, 0);
		id = ring_announce(&ring, "a link time-out");
		sqe->user_data = id;
		ring_submit(&ring, 2);
		flights_await_issued(&ring, 1);
		call_init(&call, "unregister", unregister_ring, &ring);
		call_start(&call);
		agreed_add(&timed_out, text("%d", ring_await(&ring, id).res));
		ring_await(&ring, flight.id);
		if (call_end(&call) < 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		flight_release(&flight);
		landing = flight_land(&flight, &region, NULL, true);
		agreed_add(&result, landing_result(&flight, &landing));
		finish_ring(&ring, &run->rng);
		flight_close(&flight);
		region_unmap(&region);
	}
	observe_agreed("timeout", &timed_out);
	observe_agreed("result", &result);
}

static const struct point points[] = {
	{ "armed-reads", "reads wait for their pipes and are cancelled", 1, armed_reads },
	{ "armed-writes", "writes wait for full pipes and are cancelled", 1, armed_writes },
	{ "issued-reads", "reads issued by io-wq wait for their pipes and are cancelled", 1, issued_reads },
	{ "queued-reads", "reads not issued yet, behind a busy worker, are cancelled", 1, queued_reads },
	{ "linked-reads", "the plain reads are cancelled that others are linked behind", 1, linked_reads },
	{ "by-descriptor", "reads wait for their pipes and are cancelled by descriptor", 1, by_descriptor },
	{ "table-kept", "requests are cancelled, and their buffers stay registered", 4, table_kept },
	{ "link-timeout", "a linked time-out cancels a read that waits", 2, link_timeout },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "cancelled",
		.summary = "fixed requests cancelled while their buffers are unregistered",
		.details =
			"Invariants: each request and each cancellation completes once; a cancelled request\n"
			"has moved no byte and moves none later; an unregister that waits returns when the\n"
			"requests are cancelled; the buffers of cancelled requests stay as they were\n"
			"registered; nothing stays pinned.\n"
			"Tells apart: unregister that waits for its users from one that does not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
