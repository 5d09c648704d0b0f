#define _GNU_SOURCE
#include "trial.h"

#include <string.h>

#include "clock.h"
#include "pins.h"
#include "register.h"

/* Released pins may lag by a second (delayed work up to 6.1); this is "never". */
#define PINS_MS 5000u
/* The same lag holds for tags. */
#define TAG_MS 3000u

void trial_map_elsewhere(struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++)
		region_map(&trial->fresh[i], BUFFER_PAGES, "the new memory");
	trial->has_fresh = true;
}

void trial_map_same_address(struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		struct region moved;

		trial->fresh[i] = trial->old[i];
		region_swap_pages(&trial->fresh[i], &moved, "the new memory");
		trial->old[i] = moved;
	}
	trial->has_fresh = true;
}

static void fresh_iovecs(const struct trial *trial, struct iovec *buffers)
{
	for (unsigned i = 0; i < trial->plan.flights; i++)
		buffers[i] = region_iovec(&trial->fresh[i]);
}

static void announce_fresh_tags(struct trial *trial)
{
	for (unsigned i = 0; trial->plan.tagged && i < trial->plan.flights; i++)
		trial->fresh_tags[i] = ring_announce_optional(&trial->ring, "a tag of the new memory");
}

long trial_unregister(void *argument)
{
	struct trial *trial = argument;
	int res = unregister_buffers(&trial->ring);

	trial->is_registered = res < 0;
	return res;
}

long trial_replace(void *argument)
{
	struct trial *trial = argument;
	struct iovec buffers[MOST_FLIGHTS];
	long res = trial_unregister(trial);

	if (res < 0)
		return res;
	fresh_iovecs(trial, buffers);
	res = register_buffers(&trial->ring, buffers, trial->plan.flights, NULL);
	trial->fresh_is_registered = trial->is_registered = res == 0;
	return res;
}

long trial_update(void *argument)
{
	struct trial *trial = argument;
	struct iovec buffers[MOST_FLIGHTS];
	int res;

	fresh_iovecs(trial, buffers);
	announce_fresh_tags(trial);
	res = update_buffers(&trial->ring, 0, buffers, trial->plan.flights,
			     trial->plan.tagged ? trial->fresh_tags : NULL);
	trial->fresh_is_registered = trial->tags_are_due = res == (int)trial->plan.flights;
	if (res >= 0 && !trial->fresh_is_registered)
		fail(text("all %u slots updated", trial->plan.flights), text("%d updated", res));
	return res < 0 ? res : 0;
}

/* A tag says "nobody uses this buffer any more": it must not overtake the last one who does. */
static void check_tag(struct trial *trial, unsigned i, const struct landing *landing)
{
	struct completion tag;

	if (!trial->plan.tagged)
		return;
	tag = ring_look(&trial->ring, trial->tags[i]);
	if (landing->used == USED_OLD && tag.order && tag.order < landing->order)
		fail(text("the tag of buffer %u after the request that used it", i),
		     text("the tag is completion %llu, the request %llu",
			  (unsigned long long)tag.order, (unsigned long long)landing->order));
}

struct landing trial_land_one(struct trial *trial, unsigned i)
{
	const struct region *fresh = trial->has_fresh ? &trial->fresh[i] : NULL;
	bool may_be_cancelled = trial->plan.may_be_cancelled || trial->plan.link_flag;
	struct landing landing = flight_land(&trial->flights[i], &trial->old[i], fresh, may_be_cancelled);

	if (landing.used == USED_OLD)
		trial->used_old |= 1u << i;
	if (landing.used == USED_NEW)
		trial->used_new |= 1u << i;
	trial->landed |= 1u << i;
	check_tag(trial, i, &landing);
	return landing;
}

const char *trial_waited(const struct trial *trial)
{
	static const char *const names[] = { "no", "partly", "yes" };

	return names[trial->waited];
}

void trial_land(struct trial *trial, struct findings *findings)
{
	agreed_add(&findings->waited, trial_waited(trial));
	if (trial->took_ms > findings->longest_ms)
		findings->longest_ms = trial->took_ms;
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		struct landing landing = trial_land_one(trial, i);

		agreed_add(&findings->result, landing_result(&trial->flights[i], &landing));
		agreed_add(&findings->used, used_text(landing.used));
	}
}

void trial_judge_pins(struct trial *trial)
{
	for (unsigned i = 0; i < trial->look_count; i++) {
		const struct pin_look *look = &trial->looks[i];
		int users = __builtin_popcount(look->in_flight & trial->used_old);

		if (users > look->pinned)
			fail("buffers pinned until the requests that use them have ended",
			     text("%d requests in flight that went on to use their buffers, %ld buffers pinned",
				  users, look->pinned));
	}
	trial->look_count = 0;
}

/* Every replaced buffer's tag comes, once; ring_reap() has seen to "once". */
static void await_tags(struct trial *trial)
{
	for (unsigned i = 0; trial->plan.tagged && trial->tags_are_due && i < trial->plan.flights; i++)
		if (!ring_await_within(&trial->ring, trial->tags[i], TAG_MS))
			fail(text("the tag of buffer %u, which was replaced and has no user left", i),
			     text("none within %u ms", TAG_MS));
}

void check_usable(struct ring *ring, struct rng *rng)
{
	struct region region;
	struct flight flight;
	struct landing landing;
	struct iovec buffer;
	int res;

	region_map(&region, BUFFER_PAGES, "memory for a last read");
	buffer = region_iovec(&region);
	res = register_buffers(ring, &buffer, 1, NULL);
	if (res < 0)
		fail_now("to register a buffer at the end", text("result %s", result_text(res)));
	flight_open(&flight, ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&flight, &region, 0, rng);
	flight_prepare(&flight, 0);
	ring_submit(ring, 1);
	landing = flight_land(&flight, &region, NULL, false);
	if (landing.used != USED_OLD)
		fail("the ring to be usable at the end", text("a READ_FIXED gave %d", landing.res));
	res = unregister_buffers(ring);
	if (res < 0)
		fail("to unregister at the end", text("result %s", result_text(res)));
	flight_close(&flight);
	region_unmap(&region);
}

/* With the ring gone, the memory is as each request left it: nothing was written after completion. */
static void check_nothing_came_later(const struct trial *trial)
{
	for (unsigned i = 0; i < trial->plan.flights; i++) {
		const struct flight *flight = &trial->flights[i];
		bool reads = flight->direction == FLIGHT_READ;
		bool in_old = reads && trial->used_old >> i & 1;
		bool in_new = reads && trial->used_new >> i & 1;

		if (!(trial->landed >> i & 1))
			continue;
		if (region_state(&trial->old[i], flight->offset, flight->length, flight->payload) !=
		    (in_old ? REGION_WRITTEN : REGION_UNTOUCHED))
			fail("no byte written after the completion", region_describe(&trial->old[i]));
		if (trial->has_fresh &&
		    region_state(&trial->fresh[i], flight->offset, flight->length, flight->payload) !=
			    (in_new ? REGION_WRITTEN : REGION_UNTOUCHED))
			fail("no byte written after the completion", region_describe(&trial->fresh[i]));
	}
}

void trial_close(struct trial *trial)
{
	const struct trial_plan *plan = &trial->plan;
	int res;

	trial_judge_pins(trial);
	res = trial->is_registered ? unregister_buffers(&trial->ring) : 0;
	if (res < 0)
		fail("to unregister at the end", text("result %s", result_text(res)));
	await_tags(trial);
	check_usable(&trial->ring, trial->rng);
	ring_check(&trial->ring);
	ring_close(&trial->ring);
	if (trial->pins_before >= 0 && !pins_fall_to(trial->pins_before, PINS_MS))
		fail(text("%ld pinned pages, as before the round", trial->pins_before),
		     text("%ld after %u ms", pins_outstanding(), PINS_MS));
	check_nothing_came_later(trial);
	for (unsigned i = 0; i < plan->flights; i++) {
		flight_close(&trial->flights[i]);
		if (plan->stage == STAGE_LINKED || plan->stage == STAGE_DRAINED)
			hold_close(&trial->gates[i]);
		region_unmap(&trial->old[i]);
		if (trial->has_fresh)
			region_unmap(&trial->fresh[i]);
	}
	if (plan->stage == STAGE_QUEUED)
		stall_close(&trial->stall);
}
