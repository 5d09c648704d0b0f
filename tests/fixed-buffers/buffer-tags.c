/*
 * When the kernel says that a replaced buffer is no longer used: the order of tags and requests.
 *
 * Invariants, in every design:
 *   - the tag of a replaced buffer is posted exactly once, and not before the last request that
 *     uses the buffer has completed;
 *   - the tag of a buffer that nobody uses any more is posted without further help;
 *   - each request completes exactly once, with its data in one memory.
 *
 * Kernels: 5.13 and later.
 *
 * Tells apart: references per table (an idle slot's tag waits for requests on other slots) from
 * references per buffer (it does not); selection at submission (a pending request holds the tag
 * of its buffer back) from look-up at issue; kernels that post tags on unregister from those that
 * do not.
 */
#include "clock.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"

/* Kernels up to 6.1 post a tag from a work item that they delay by one second. */
#define TAG_DELAY_MS 1200u

/*
 * Three slots: a request that is issued and waits uses the first; nobody the
 * second; the third is named by a request that is linked behind the first's. All are replaced, one
 * after the other and the idle one first, and then nothing moves for longer than any kernel takes
 * to post a tag that it may post.
 */
enum { SLOT_BUSY, SLOT_IDLE, SLOT_PENDING, SLOTS };

struct tag_trial {
	struct ring ring;
	struct region old[SLOTS];
	struct region fresh[SLOTS];
	struct flight busy;
	struct flight pending;
	uint64_t tags[SLOTS];
};

static void tag_trial_open(struct tag_trial *trial, struct rng *rng)
{
	struct iovec buffers[SLOTS];

	ring_open(&trial->ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < SLOTS; i++) {
		region_map(&trial->old[i], BUFFER_PAGES, "the old memory");
		buffers[i] = region_iovec(&trial->old[i]);
		trial->tags[i] = ring_announce(&trial->ring, "the tag of a replaced buffer");
	}
	register_or_leave(&trial->ring, buffers, SLOTS, trial->tags);
	flight_open(&trial->busy, &trial->ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&trial->busy, &trial->old[SLOT_BUSY], SLOT_BUSY, rng);
	flight_prepare(&trial->busy, IOSQE_IO_LINK);
	flight_open(&trial->pending, &trial->ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&trial->pending, &trial->old[SLOT_PENDING], SLOT_PENDING, rng);
	flight_prepare(&trial->pending, 0);
	ring_submit(&trial->ring, 2);
	flights_await_issued(&trial->ring, 1);
}

static void replace_slot(struct tag_trial *trial, unsigned slot)
{
	struct region moved;
	struct iovec buffer;
	int res;

	trial->fresh[slot] = trial->old[slot];
	region_swap_pages(&trial->fresh[slot], &moved, "the new memory");
	trial->old[slot] = moved;
	buffer = region_iovec(&trial->fresh[slot]);
	res = update_buffers(&trial->ring, slot, &buffer, 1, NULL);
	if (res != 1)
		fail_now("one slot updated", text("result %s", result_text(res)));
}

static const char *tag_is_out(struct tag_trial *trial, unsigned slot)
{
	return ring_look(&trial->ring, trial->tags[slot]).order ? "before-request" : "after-request";
}

static void tag_order(struct run *run)
{
	struct tag_trial trial;
	struct landing busy, pending;
	const char *idle_tag, *pending_tag;
	int64_t released;
	int res;

	tag_trial_open(&trial, &run->rng);
	replace_slot(&trial, SLOT_IDLE);
	replace_slot(&trial, SLOT_BUSY);
	replace_slot(&trial, SLOT_PENDING);
	sleep_ms(TAG_DELAY_MS);
	settle();
	ring_reap(&trial.ring);
	idle_tag = tag_is_out(&trial, SLOT_IDLE);
	pending_tag = tag_is_out(&trial, SLOT_PENDING);
	if (ring_look(&trial.ring, trial.tags[SLOT_BUSY]).order)
		fail("the tag of the busy buffer after its request", "it came while the request waited");

	released = clock_ns();
	flight_release(&trial.busy);
	busy = flight_land(&trial.busy, &trial.old[SLOT_BUSY], &trial.fresh[SLOT_BUSY], false);
	pending = flight_land(&trial.pending, &trial.old[SLOT_PENDING], &trial.fresh[SLOT_PENDING], true);
	for (unsigned i = 0; i < SLOTS; i++) {
		const struct landing *user = i == SLOT_BUSY ? &busy : &pending;
		uint64_t order = ring_await(&trial.ring, trial.tags[i]).order;

		if (i != SLOT_IDLE && user->used == USED_OLD && order < user->order)
			fail(text("the tag of buffer %u after the request that used it", i),
			     "the tag came first");
	}
	observe("busy_slot_memory", used_text(busy.used));
	observe("pending_slot_memory", used_text(pending.used));
	observe("idle_slot_tag", idle_tag);
	observe("pending_slot_tag", pending_tag);
	observe_measure("last_tag_ms", ms_since(released), "ms");

	res = unregister_buffers(&trial.ring);
	if (res < 0)
		fail("to unregister at the end", text("result %s", result_text(res)));
	check_usable(&trial.ring, &run->rng);
	ring_check(&trial.ring);
	ring_close(&trial.ring);
}

static void on_unregister(struct run *run)
{
	struct agreed tag = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct region region;
		struct iovec buffer;
		struct ring ring;
		uint64_t id;
		int res;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		region_map(&region, BUFFER_PAGES, "tagged memory");
		buffer = region_iovec(&region);
		id = ring_announce_optional(&ring, "the tag of an unregistered buffer");
		register_or_leave(&ring, &buffer, 1, &id);
		res = unregister_buffers(&ring);
		if (res < 0)
			fail("to unregister", text("result %s", result_text(res)));
		settle();
		ring_reap(&ring);
		agreed_add(&tag, ring_look(&ring, id).order ? "yes" : "no");
		ring_check(&ring);
		ring_close(&ring);
		region_unmap(&region);
	}
	observe_agreed("tag_on_unregister", &tag);
}

static const struct point points[] = {
	{ "tag-order", "tags of a busy, an idle and a pending slot, against the request's end", 1, tag_order },
	{ "on-unregister", "is the tag posted when the buffer is unregistered?", 2, on_unregister },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "buffer-tags",
		.summary = "tags of replaced buffers against the requests that use them",
		.details =
			"Invariants: a replaced buffer's tag comes exactly once, without further help, and\n"
			"not before the last request that uses the buffer has completed.\n"
			"Tells apart: references per table and per buffer; selection at submission and\n"
			"look-up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
