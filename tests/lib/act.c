/* trial_act(): the action against requests in flight, and when each request is let go. */
#include "call.h"
#include "clock.h"
#include "pins.h"
#include "trial.h"

struct conduct {
	struct trial *trial;
	struct call call;
	unsigned order[MOST_FLIGHTS]; /* in which the requests are let go */
	unsigned in_flight; /* one bit each */
};

static void release(struct conduct *conduct, unsigned i)
{
	struct trial *trial = conduct->trial;

	if (trial->plan.stage == STAGE_LINKED || trial->plan.stage == STAGE_DRAINED)
		hold_feed(&trial->gates[i], pattern_new("one byte for a plain read"), 1);
	else
		flight_release(&trial->flights[i]);
}

void trial_let_go(struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		flight_release(&trial->flights[i]);
		if (trial->plan.stage == STAGE_LINKED || trial->plan.stage == STAGE_DRAINED)
			hold_feed(&trial->gates[i], pattern_new("a byte for a plain read"), 1);
	}
	if (trial->plan.stage == STAGE_QUEUED)
		stall_release(&trial->stall);
}

/* How much old memory is pinned now, besides the new memory? */
static void look_at_pins(struct conduct *conduct)
{
	struct trial *trial = conduct->trial;
	struct pin_look *look = &trial->looks[trial->look_count];
	long pages = pins_outstanding() - trial->pins_before;

	if (trial->pins_before < 0)
		return;
	if (call_returned(&conduct->call) && trial->fresh_is_registered)
		pages -= (long)trial->plan.flights * BUFFER_PAGES;
	/* Fewer than before the registration: somebody else's pages, which were counted then. */
	look->pinned = pages > 0 ? pages / BUFFER_PAGES : 0;
	look->in_flight = conduct->in_flight;
	trial->look_count++;
}

/* Lets all requests but the last one end, and looks whether the action went on waiting for it. */
static bool waits_for_the_last(struct conduct *conduct)
{
	struct trial *trial = conduct->trial;
	unsigned last = trial->plan.flights - 1;
	bool still_waits;

	for (unsigned i = 0; i < last; i++)
		release(conduct, conduct->order[i]);
	for (unsigned i = 0; i < last; i++) {
		ring_await(&trial->ring, trial->flights[conduct->order[i]].id);
		conduct->in_flight &= ~(1u << conduct->order[i]);
	}
	still_waits = !call_returns_or_waits(&conduct->call);
	look_at_pins(conduct);
	release(conduct, conduct->order[last]);
	return still_waits;
}

static void conduct_action(struct conduct *conduct)
{
	struct trial *trial = conduct->trial;
	bool returned = call_returns_or_waits(&conduct->call);

	trial->waited = returned ? WAITED_NO : WAITED_YES;
	look_at_pins(conduct);
	if (trial->plan.stage == STAGE_QUEUED) {
		stall_release(&trial->stall);
	} else if (trial->plan.stage == STAGE_CHAINED) {
		flight_release(&trial->flights[1]);
	} else if (!returned && trial->plan.flights > 1 && trial->plan.stage != STAGE_DRAINED) {
		if (!waits_for_the_last(conduct))
			trial->waited = WAITED_PARTLY;
	} else {
		for (unsigned i = 0; i < trial->plan.flights; i++)
			release(conduct, conduct->order[i]);
	}
}

static void *conduct_thread(void *argument)
{
	conduct_action(argument);
	return NULL;
}

void trial_act(struct trial *trial, const char *what, long (*action)(void *argument), enum actor actor)
{
	struct conduct conduct = { .trial = trial };
	pthread_t thread;
	long res;

	conduct.in_flight = (1u << trial->plan.flights) - 1;
	if (trial->plan.stage == STAGE_CHAINED)
		conduct.in_flight &= ~1u;
	call_init(&conduct.call, what, action, trial);
	rng_shuffle(trial->rng, conduct.order, trial->plan.flights);
	if (actor == ACT_SUBMITTER) {
		if (pthread_create(&thread, NULL, conduct_thread, &conduct))
			error_now("cannot start a thread");
		call_here(&conduct.call);
		pthread_join(thread, NULL);
	} else {
		call_start(&conduct.call);
		conduct_action(&conduct);
	}
	res = call_end(&conduct.call);
	trial->took_ms = conduct.call.took_ms;
	if (res < 0)
		fail(text("%s to succeed", what), text("result %s", result_text(res)));
}
