#define _GNU_SOURCE
#include "at-once.h"

#include <errno.h>

#include "memory.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

static void race_once(struct racer *racer, struct ring *ring, struct region *region)
{
	const struct at_once *plan = racer->plan;
	struct iovec buffer = region_iovec(region);
	struct flight flight;
	struct landing landing;
	int res;

	register_or_leave(ring, &buffer, 1, NULL);
	flight_open(&flight, ring, plan->direction, FLIGHT_READY);
	flight_aim(&flight, region, 0, &racer->rng);
	flight_prepare(&flight, IOSQE_ASYNC);
	ring_submit(ring, 1);
	res = unregister_buffers(ring);
	if (res < 0)
		fail_now("to unregister", text("result %s", result_text(res)));
	landing = flight_land(&flight, region, NULL, false);
	racer->requests++;
	racer->hits += landing.res == -EFAULT;
	if (landing.used == USED_OLD && flight.direction == FLIGHT_READ)
		region_fill(region);
	flight_close(&flight);
}

static void race(struct racer *racer)
{
	const struct at_once *plan = racer->plan;
	struct region region;
	struct ring ring;

	ring_open(&ring, (struct ring_options){
				 .entries = 8, .flags = plan->ring_flags, .sq_idle_ms = 20 });
	region_map(&region, BUFFER_PAGES, "the memory of a racer");
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ring, &region);
	check_usable(&ring, &racer->rng);
	ring_check(&ring);
	ring_close(&ring);
	region_unmap(&region);
}

void at_once_run(struct run *run, struct at_once plan)
{
	racers_run(run, &(struct race){
				.threads = plan.threads,
				.body = race,
				.plan = &plan,
				.hit = "efault",
				/*
				 * An SQPOLL thread has woken the worker before the application can know that
				 * it took the request; unregister rarely comes first.
				 */
				.by_design = !(plan.ring_flags & IORING_SETUP_SQPOLL),
			});
}
