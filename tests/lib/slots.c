#include "slots.h"

#include "flight.h"
#include "point.h"

static bool reads_into(struct ring *ring, unsigned slot, struct region *region, struct rng *rng)
{
	struct flight flight;
	struct landing landing;

	flight_open(&flight, ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&flight, region, slot, rng);
	flight_prepare(&flight, rng_chance(rng, 2) ? IOSQE_ASYNC : 0);
	ring_submit(ring, 1);
	landing = flight_land(&flight, region, NULL, false);
	flight_close(&flight);
	if (landing.used != USED_NONE)
		region_fill(region);
	return landing.used == USED_OLD;
}

void slot_expect(struct ring *ring, unsigned slot, struct region *region, struct rng *rng)
{
	if (!reads_into(ring, slot, region, rng))
		fail(text("slot %u to hold %s #%u", slot, region->pattern.what, region->pattern.number),
		     "a read into that memory failed with EFAULT");
}

void slot_expect_not(struct ring *ring, unsigned slot, struct region *region, struct rng *rng)
{
	if (reads_into(ring, slot, region, rng))
		fail(text("slot %u not to hold %s #%u any more", slot, region->pattern.what,
			  region->pattern.number),
		     "a read into that memory succeeded");
}
