#define _GNU_SOURCE
#include "flight.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "point.h"

#define MOST_BYTES 8192
/* Of one byte alone nobody can tell whose it is: one in 256 is the same in two patterns. */
#define SHORTEST 8

void flight_open(struct flight *flight, struct ring *ring, enum direction direction,
		 enum readiness readiness)
{
	memset(flight, 0, sizeof(*flight));
	flight->ring = ring;
	flight->direction = direction;
	flight->held = readiness == FLIGHT_HELD;
	if (!flight->held)
		hold_open_through(&flight->pipe);
	else if (direction == FLIGHT_WRITE)
		hold_open_full(&flight->pipe);
	else
		hold_open_empty(&flight->pipe);
}

void flight_aim(struct flight *flight, const struct region *region, unsigned slot, struct rng *rng)
{
	/* The full pipe has room for one page when it is drained; a read may span three pages. */
	size_t most = flight->direction == FLIGHT_WRITE ? page_size() : 2 * page_size();

	if (most > region->length)
		most = region->length;
	/* Whole pages in one case of three, because drivers and copy loops have their fast paths. */
	flight->length = rng_chance(rng, 3) ? page_size() : SHORTEST + rng_below(rng, most - SHORTEST + 1);
	flight->offset = rng_below(rng, region->length - flight->length + 1);
	flight->at = region->base + flight->offset;
	flight->slot = slot;
	flight->payload = pattern_new("the payload of a read");
	if (flight->direction == FLIGHT_READ && !flight->held)
		hold_feed(&flight->pipe, flight->payload, flight->length);
}

void flight_prepare(struct flight *flight, unsigned flags)
{
	struct io_uring_sqe *sqe = ring_sqe(flight->ring);
	bool reads = flight->direction == FLIGHT_READ;

	/* An offset of -1 is the file position: pipes have no other. */
	if (reads)
		io_uring_prep_read_fixed(sqe, flight->pipe.read_fd, flight->at, (unsigned)flight->length,
					 (uint64_t)-1, (int)flight->slot);
	else
		io_uring_prep_write_fixed(sqe, flight->pipe.write_fd, flight->at,
					  (unsigned)flight->length, (uint64_t)-1, (int)flight->slot);
	flight->id = ring_announce(flight->ring, reads ? "READ_FIXED" : "WRITE_FIXED");
	sqe->user_data = flight->id;
	sqe->flags |= (uint8_t)flags;
}

void flight_release(struct flight *flight)
{
	if (!flight->held)
		return;
	if (flight->direction == FLIGHT_READ)
		hold_feed(&flight->pipe, flight->payload, flight->length);
	else
		hold_drain(&flight->pipe);
	flight->held = false;
}

static const char *flight_describe(const struct flight *flight)
{
	return text("%s of %zu bytes at offset %zu of buffer %u (user_data %llu)",
		    flight->direction == FLIGHT_READ ? "READ_FIXED" : "WRITE_FIXED", flight->length,
		    flight->offset, flight->slot, (unsigned long long)flight->id);
}

/* What is left in a read's pipe: all of the payload when nothing was read, nothing when it was. */
static void check_rest_of_read(struct flight *flight, bool succeeded)
{
	unsigned char rest[MOST_BYTES];
	size_t count = hold_take(&flight->pipe, rest, sizeof(rest));
	size_t expected = succeeded ? 0 : flight->length;

	if (count != expected || pattern_mismatch(rest, flight->payload, 0, count) >= 0)
		fail(text("%zu bytes left in the pipe after %s", expected, flight_describe(flight)),
		     text("%zu bytes: %s", count, count ? pattern_describe(rest, count) : ""));
}

static enum used judge_read(struct flight *flight, const struct region *old, const struct region *fresh)
{
	enum region_state in_old = region_state(old, flight->offset, flight->length, flight->payload);
	enum region_state in_new = REGION_UNTOUCHED;

	if (fresh)
		in_new = region_state(fresh, flight->offset, flight->length, flight->payload);
	if (in_old == REGION_DAMAGED || in_new == REGION_DAMAGED ||
	    (in_old == REGION_WRITTEN && in_new == REGION_WRITTEN)) {
		fail(text("%s to write its range of one memory and nothing else", flight_describe(flight)),
		     text("old memory: %s", region_describe(old)));
		if (fresh)
			note("    new memory: %s", region_describe(fresh));
	}
	if (in_old != REGION_UNTOUCHED)
		return USED_OLD;
	return in_new != REGION_UNTOUCHED ? USED_NEW : USED_NONE;
}

/* Does the memory hold what it held before? A write only reads it. */
static void check_untouched(const struct flight *flight, const struct region *region)
{
	if (region && pattern_mismatch(region->base, region->pattern, 0, region->length) >= 0)
		fail(text("%s to leave the memory alone", flight_describe(flight)),
		     region_describe(region));
}

static enum used judge_write(struct flight *flight, const struct region *old, const struct region *fresh,
			     bool succeeded)
{
	unsigned char bytes[MOST_BYTES];
	size_t count = hold_take(&flight->pipe, bytes, sizeof(bytes));

	check_untouched(flight, old);
	check_untouched(flight, fresh);
	if (count != (succeeded ? flight->length : 0)) {
		fail(text("%zu bytes in the pipe after %s", succeeded ? flight->length : (size_t)0,
			  flight_describe(flight)),
		     text("%zu bytes", count));
		return count ? USED_OLD : USED_NONE;
	}
	if (count == 0)
		return USED_NONE;
	if (pattern_mismatch(bytes, old->pattern, flight->offset, count) < 0)
		return USED_OLD;
	if (fresh && pattern_mismatch(bytes, fresh->pattern, flight->offset, count) < 0)
		return USED_NEW;
	fail(text("%s to send bytes of one registered memory", flight_describe(flight)),
	     pattern_describe(bytes, count));
	return USED_OLD;
}

/* EINTR is what a request gets that a worker runs when it is cancelled: the worker is sent a signal. */
static bool is_cancelled(int res)
{
	return res == -ECANCELED || res == -EINTR;
}

struct landing flight_land(struct flight *flight, const struct region *old, const struct region *fresh,
			   bool may_be_cancelled)
{
	struct completion completion = ring_await(flight->ring, flight->id);
	struct landing landing = { .res = completion.res, .order = completion.order };
	bool succeeded = completion.res == (int)flight->length;

	if (!succeeded && completion.res != -EFAULT &&
	    !(may_be_cancelled && is_cancelled(completion.res)))
		fail(text("%s to move all its bytes or to fail with -EFAULT", flight_describe(flight)),
		     text("result %s", result_text(completion.res)));
	if (flight->direction == FLIGHT_WRITE) {
		landing.used = judge_write(flight, old, fresh, succeeded);
		return landing;
	}
	landing.used = judge_read(flight, old, fresh);
	if (succeeded != (landing.used != USED_NONE))
		fail(text("%s with result %s to have %s", flight_describe(flight),
			  result_text(completion.res), succeeded ? "written memory" : "written nothing"),
		     text("old memory: %s", region_describe(old)));
	check_rest_of_read(flight, succeeded);
	return landing;
}

enum used flight_judge_unreported(struct flight *flight, const struct region *old)
{
	enum used used;
	int waiting = 0;

	if (flight->direction == FLIGHT_WRITE) {
		ioctl(flight->pipe.read_fd, FIONREAD, &waiting);
		return judge_write(flight, old, NULL, waiting > 0);
	}
	used = judge_read(flight, old, NULL);
	check_rest_of_read(flight, used != USED_NONE);
	return used;
}

void flight_close(struct flight *flight)
{
	hold_close(&flight->pipe);
}

const char *landing_result(const struct flight *flight, const struct landing *landing)
{
	return landing->res == (int)flight->length ? "full" : text("%d", landing->res);
}

const char *used_text(enum used used)
{
	return used == USED_NONE ? "none" : used == USED_OLD ? "old" : "new";
}
