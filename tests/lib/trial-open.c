/* trial_open(): up to the moment at which the requests are where the plan wants them. */
#define _GNU_SOURCE
#include <string.h>

#include "pins.h"
#include "register.h"
#include "trial.h"

static void open_flights(struct trial *trial)
{
	const struct trial_plan *plan = &trial->plan;
	bool held = plan->stage == STAGE_ISSUED || plan->stage == STAGE_ARMED || plan->held_at_issue;

	for (unsigned i = 0; i < plan->flights; i++) {
		/* A chain waits twice: at its head, and then where the action is to find it. */
		if (plan->stage == STAGE_CHAINED)
			held = i < 2;
		region_map(&trial->old[i], BUFFER_PAGES, "the old memory");
		flight_open(&trial->flights[i], &trial->ring, plan->direction,
			    held ? FLIGHT_HELD : FLIGHT_READY);
		flight_aim(&trial->flights[i], &trial->old[i], i, trial->rng);
	}
}

static void register_old(struct trial *trial)
{
	struct iovec buffers[MOST_FLIGHTS];

	for (unsigned i = 0; i < trial->plan.flights; i++) {
		buffers[i] = region_iovec(&trial->old[i]);
		if (trial->plan.tagged)
			trial->tags[i] = ring_announce_optional(&trial->ring, "a tag of the old memory");
	}
	trial->pins_before = pins_at_rest();
	register_or_leave(&trial->ring, buffers, trial->plan.flights,
			  trial->plan.tagged ? trial->tags : NULL);
	trial->is_registered = true;
}

/* A plain read, which has nothing to do with registered buffers, that the fixed ones wait behind. */
static void prepare_gate(struct trial *trial, unsigned i)
{
	static char nowhere[MOST_FLIGHTS];
	struct io_uring_sqe *sqe = ring_sqe(&trial->ring);

	hold_open_empty(&trial->gates[i]);
	trial->gate_ids[i] = ring_announce(&trial->ring, "a plain read that others wait for");
	io_uring_prep_read(sqe, trial->gates[i].read_fd, &nowhere[i], 1, (uint64_t)-1);
	if (trial->plan.stage == STAGE_LINKED)
		sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = trial->gate_ids[i];
}

/* The head of the chain ends; its successor is issued and waits. */
static void pass_the_head(struct trial *trial)
{
	flights_await_issued(&trial->ring, 1);
	flight_release(&trial->flights[0]);
	ring_await(&trial->ring, trial->flights[0].id);
	flights_await_issued(&trial->ring, 1);
}

static void submit_flights(struct trial *trial)
{
	const struct trial_plan *plan = &trial->plan;
	bool has_gates = plan->stage == STAGE_LINKED || plan->stage == STAGE_DRAINED;

	if (plan->stage == STAGE_QUEUED)
		stall_begin(&trial->stall, &trial->ring);
	for (unsigned i = 0; plan->stage == STAGE_DRAINED && i < plan->flights; i++)
		prepare_gate(trial, i);
	for (unsigned i = 0; i < plan->flights; i++) {
		unsigned flags = plan->sqe_flags;

		if (plan->stage == STAGE_ISSUED || plan->stage == STAGE_QUEUED)
			flags |= IOSQE_ASYNC;
		/* In a chain the head alone is drained: the others wait behind it anyway. */
		if (plan->stage == STAGE_DRAINED && (i == 0 || !plan->link_flag))
			flags |= IOSQE_IO_DRAIN;
		if (i + 1 < plan->flights)
			flags |= plan->link_flag;
		if (plan->stage == STAGE_LINKED)
			prepare_gate(trial, i);
		flight_prepare(&trial->flights[i], flags);
	}
	ring_submit(&trial->ring, plan->flights * (has_gates ? 2 : 1));
	/* Linked requests need no look: their heads wait on empty pipes, whoever issues them. */
	if (plan->stage == STAGE_ISSUED || plan->stage == STAGE_ARMED)
		flights_await_issued(&trial->ring, plan->flights);
	if (plan->stage == STAGE_CHAINED)
		pass_the_head(trial);
}

void trial_open(struct trial *trial, struct trial_plan plan, struct rng *rng)
{
	memset(trial, 0, sizeof(*trial));
	trial->plan = plan;
	trial->rng = rng;
	ring_open(&trial->ring, (struct ring_options){
					.entries = 64, .flags = plan.ring_flags, .sq_idle_ms = 20 });
	open_flights(trial);
	register_old(trial);
	submit_flights(trial);
}
