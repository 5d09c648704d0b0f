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
 * On one ring, a request that is issued and waits uses the first slot, and nobody the second. On
 * another ring, a request that is linked behind a plain read, and not issued, names the one slot.
 * (On a ring of its own because kernels up to 6.1 release references in the order in which slots
 * were replaced: the busy slot would hold every other one back.) All slots are replaced, the idle
 * one first, and then nothing moves for longer than any kernel takes to post a tag that it may
 * post.
 */
enum { SLOT_BUSY, SLOT_IDLE, SLOTS };

struct slot {
	struct ring *ring;
	unsigned index;
	struct region old;
	struct region fresh;
	uint64_t tag;
};

struct tag_trial {
	struct ring ring;
	struct ring other_ring;
	struct slot slots[SLOTS];
	struct slot pending_slot;
	struct flight busy;
	struct flight pending;
	struct hold gate;
};

static void slot_init(struct slot *slot, struct ring *ring, unsigned index, struct iovec *buffer,
		      uint64_t *tag)
{
	slot->ring = ring;
	slot->index = index;
	region_map(&slot->old, BUFFER_PAGES, "the old memory");
	slot->tag = *tag = ring_announce(ring, "the tag of a replaced buffer");
	*buffer = region_iovec(&slot->old);
}

static void open_busy_ring(struct tag_trial *trial, struct rng *rng)
{
	struct iovec buffers[SLOTS];
	uint64_t tags[SLOTS];

	ring_open(&trial->ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < SLOTS; i++)
		slot_init(&trial->slots[i], &trial->ring, i, &buffers[i], &tags[i]);
	register_or_leave(&trial->ring, buffers, SLOTS, tags);
	flight_open(&trial->busy, &trial->ring, FLIGHT_READ, FLIGHT_HELD);
	flight_aim(&trial->busy, &trial->slots[SLOT_BUSY].old, SLOT_BUSY, rng);
	flight_prepare(&trial->busy, 0);
	ring_submit(&trial->ring, 1);
	flights_await_issued(&trial->ring, 1);
}

static void open_pending_ring(struct tag_trial *trial, struct rng *rng)
{
	static char nowhere;
	struct io_uring_sqe *sqe;
	struct iovec buffer;
	uint64_t tag;

	ring_open(&trial->other_ring, (struct ring_options){ .entries = 8 });
	slot_init(&trial->pending_slot, &trial->other_ring, 0, &buffer, &tag);
	register_or_leave(&trial->other_ring, &buffer, 1, &tag);
	hold_open_empty(&trial->gate);
	sqe = ring_sqe(&trial->other_ring);
	io_uring_prep_read(sqe, trial->gate.read_fd, &nowhere, 1, (uint64_t)-1);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = ring_announce(&trial->other_ring, "the plain read that heads the link");
	flight_open(&trial->pending, &trial->other_ring, FLIGHT_READ, FLIGHT_READY);
	flight_aim(&trial->pending, &trial->pending_slot.old, 0, rng);
	flight_prepare(&trial->pending, 0);
	ring_submit(&trial->other_ring, 2);
}

static void replace_slot(struct slot *slot)
{
	struct region moved;
	struct iovec buffer;
	int res;

	slot->fresh = slot->old;
	region_swap_pages(&slot->fresh, &moved, "the new memory");
	slot->old = moved;
	buffer = region_iovec(&slot->fresh);
	res = update_buffers(slot->ring, slot->index, &buffer, 1, NULL);
	if (res != 1)
		fail_now("one slot updated", text("result %s", result_text(res)));
}

static bool tag_is_out(const struct slot *slot)
{
	ring_reap(slot->ring);
	return ring_look(slot->ring, slot->tag).order != 0;
}

static const char *tag_order_text(bool is_out)
{
	return is_out ? "before-request" : "after-request";
}

/* The request that named the slot ends; its tag must not have come before, if it used the buffer. */
static const char *land(struct flight *flight, const struct slot *slot)
{
	struct landing landing = flight_land(flight, &slot->old, &slot->fresh, false);
	uint64_t order = ring_await(slot->ring, slot->tag).order;

	if (landing.used == USED_OLD && order < landing.order)
		fail("the tag of a buffer after the request that used it", "the tag came first");
	return used_text(landing.used);
}

static void finish(struct ring *ring, struct rng *rng)
{
	int res = unregister_buffers(ring);

	if (res < 0)
		fail("to unregister at the end", text("result %s", result_text(res)));
	check_usable(ring, rng);
	ring_check(ring);
	ring_close(ring);
}

static void tag_order(struct run *run)
{
	struct tag_trial trial;
	bool idle_tag, pending_tag;
	int64_t released;

	open_busy_ring(&trial, &run->rng);
	open_pending_ring(&trial, &run->rng);
	replace_slot(&trial.slots[SLOT_IDLE]);
	replace_slot(&trial.slots[SLOT_BUSY]);
	replace_slot(&trial.pending_slot);
	sleep_ms(TAG_DELAY_MS);
	settle();
	idle_tag = tag_is_out(&trial.slots[SLOT_IDLE]);
	pending_tag = tag_is_out(&trial.pending_slot);
	if (tag_is_out(&trial.slots[SLOT_BUSY]))
		fail("the tag of the busy buffer after its request", "it came while the request waited");

	released = clock_ns();
	flight_release(&trial.busy);
	hold_feed(&trial.gate, pattern_new("one byte for the head of a link"), 1);
	observe("busy_slot_memory", land(&trial.busy, &trial.slots[SLOT_BUSY]));
	observe("pending_slot_memory", land(&trial.pending, &trial.pending_slot));
	ring_await(&trial.ring, trial.slots[SLOT_IDLE].tag);
	observe("idle_slot_tag", tag_order_text(idle_tag));
	observe("pending_slot_tag", tag_order_text(pending_tag));
	observe_measure("last_tag_ms", ms_since(released), "ms");
	finish(&trial.ring, &run->rng);
	finish(&trial.other_ring, &run->rng);
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
