/* One batch of requests: chosen, submitted, let go or cancelled, and each judged by the model. */
#include <errno.h>

#include "clock.h"
#include "log.h"
#include "point.h"
#include "world.h"

#define MOST_SHOTS 4

struct shot {
	struct flight flight;
	struct region *part;
	int memory;
	unsigned slot;
	unsigned flags;
	bool held;
	bool cancel;
	uint64_t cancel_id;
	int res;
};

struct batch {
	struct shot shots[MOST_SHOTS];
	unsigned count;
	uint64_t submitted; /* stamps */
	uint64_t completed;
};

/* The memory that a slot holds most of the time. */
static int home_of(unsigned slot)
{
	return (int)(slot % MIX_MEMORIES);
}

static void choose(struct player *player, struct batch *batch)
{
	struct rng *rng = &player->rng;
	static const unsigned ways[] = {
		0, 0, 0, IOSQE_ASYNC, IOSQE_ASYNC, IOSQE_IO_LINK, IOSQE_IO_HARDLINK, IOSQE_IO_LINK | IOSQE_ASYNC,
		IOSQE_IO_DRAIN,
	};

	batch->count = 1 + (unsigned)rng_below(rng, MOST_SHOTS);
	for (unsigned i = 0; i < batch->count; i++) {
		struct shot *shot = &batch->shots[i];

		*shot = (struct shot){
			.slot = (unsigned)rng_below(rng, MIX_SLOTS),
			.flags = ways[rng_below(rng, sizeof(ways) / sizeof(ways[0]))],
			.held = rng_chance(rng, 4),
		};
		shot->memory = rng_chance(rng, 5) ? (int)rng_below(rng, MIX_MEMORIES) : home_of(shot->slot);
		shot->cancel = rng_chance(rng, shot->held ? 2 : 12);
		shot->part = &player->world->parts[shot->memory][player->submitter];
	}
	/* Nothing to be tied to behind the last one. */
	batch->shots[batch->count - 1].flags &= ~(unsigned)(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	/* Two requests in the same part could not be told apart: each has a memory of its own. */
	for (unsigned i = 0; i < batch->count; i++)
		for (unsigned j = 0; j < i; j++)
			if (batch->shots[i].memory == batch->shots[j].memory)
				batch->count = i;
	if (batch->count)
		batch->shots[batch->count - 1].flags &= ~(unsigned)(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

static void open_flights(struct player *player, struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++) {
		struct shot *shot = &batch->shots[i];

		flight_open(&shot->flight, &player->ring->ring,
			    rng_chance(&player->rng, 3) ? FLIGHT_WRITE : FLIGHT_READ,
			    shot->held ? FLIGHT_HELD : FLIGHT_READY);
		flight_aim(&shot->flight, shot->part, shot->slot, &player->rng);
		log_operation(player->ring->number, "%s memory %d through slot %u, flags 0x%x%s%s",
			      shot->flight.direction == FLIGHT_READ ? "read into" : "write from", shot->memory,
			      shot->slot, shot->flags, shot->held ? ", held" : "",
			      shot->cancel ? ", to be cancelled" : "");
	}
}

static void submit(struct player *player, struct batch *batch)
{
	struct mix_ring *ring = player->ring;

	pthread_mutex_lock(&ring->sq_lock);
	batch->submitted = event_stamp();
	for (unsigned i = 0; i < batch->count; i++)
		flight_prepare(&batch->shots[i].flight, batch->shots[i].flags);
	ring_submit(&ring->ring, batch->count);
	pthread_mutex_unlock(&ring->sq_lock);
}

static void cancel(struct player *player, struct shot *shot)
{
	struct mix_ring *ring = player->ring;
	struct io_uring_sqe *sqe;

	pthread_mutex_lock(&ring->sq_lock);
	sqe = ring_sqe(&ring->ring);
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, (void *)(uintptr_t)shot->flight.id, 0, 0);
	shot->cancel_id = ring_announce(&ring->ring, "ASYNC_CANCEL");
	sqe->user_data = shot->cancel_id;
	ring_submit(&ring->ring, 1);
	pthread_mutex_unlock(&ring->sq_lock);
}

static bool is_tied(const struct shot *shot)
{
	return shot->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

/*
 * Is there another request in the chain that gives the kernel a reason to cancel this one? Also one
 * behind it: up to 6.12 a chain that has a member which fails when it is taken fails as a whole.
 */
static bool chain_has_failed(const struct batch *batch, unsigned i)
{
	unsigned first = i, last = i;

	while (first > 0 && is_tied(&batch->shots[first - 1]))
		first--;
	while (is_tied(&batch->shots[last]))
		last++;
	for (unsigned j = first; j <= last; j++) {
		const struct shot *shot = &batch->shots[j];

		if (j != i && (shot->cancel || (shot->res < 0 && shot->res != -ECANCELED)))
			return true;
	}
	return false;
}

/* What a request may end with, given what it was and what the model knows. */
static bool may_end_so(struct player *player, const struct batch *batch, unsigned i)
{
	const struct shot *shot = &batch->shots[i];
	struct model *model = &player->ring->model;

	if (shot->res == (int)shot->flight.length)
		return model_may_find(model, shot->slot, shot->memory, batch->submitted, batch->completed);
	if (shot->res == -EFAULT)
		return model_may_miss(model, shot->slot, shot->memory, batch->submitted, batch->completed);
	if (shot->res == -ECANCELED)
		return shot->cancel || chain_has_failed(batch, i);
	/* A worker that was in the middle of it got a signal. */
	return shot->res == -EINTR && shot->cancel;
}

static void judge(struct player *player, struct batch *batch, unsigned i)
{
	struct shot *shot = &batch->shots[i];
	enum used used = flight_judge_unreported(&shot->flight, shot->part);
	bool moved = shot->res == (int)shot->flight.length;

	log_operation(player->ring->number, "  slot %u, memory %d: result %d", shot->slot, shot->memory, shot->res);
	if (!may_end_so(player, batch, i))
		fail(text("a result that ring %u's table explains, for slot %u and memory %d", player->ring->number,
			  shot->slot, shot->memory),
		     text("%s (user_data %llu, flags 0x%x%s)", result_text(shot->res),
			  (unsigned long long)shot->flight.id, shot->flags, shot->cancel ? ", cancelled" : ""));
	if (moved != (used == USED_OLD))
		fail("a request to move all its bytes when it says so, and none else",
		     text("result %s, bytes %s", result_text(shot->res), used_text(used)));
	if (used != USED_NONE && shot->flight.direction == FLIGHT_READ)
		region_fill(shot->part);
	player->requests++;
	player->determined += !model_may_find(&player->ring->model, shot->slot, shot->memory, batch->submitted,
					     batch->completed) ||
			     !model_may_miss(&player->ring->model, shot->slot, shot->memory, batch->submitted,
					     batch->completed);
	player->full += moved;
	player->missed += shot->res == -EFAULT;
	player->cancelled += shot->res == -ECANCELED || shot->res == -EINTR;
}

void submit_round(struct player *player)
{
	struct batch batch = { 0 };

	choose(player, &batch);
	open_flights(player, &batch);
	submit(player, &batch);
	for (unsigned i = 0; i < batch.count; i++)
		if (batch.shots[i].cancel)
			cancel(player, &batch.shots[i]);
	/*
	 * The last one first: chains go on when their heads are let go. Nobody waits for the cancellations
	 * before that, because they may have to wait themselves, behind a drained request.
	 */
	for (unsigned i = batch.count; i-- > 0;)
		flight_release(&batch.shots[i].flight);
	for (unsigned i = 0; i < batch.count; i++)
		batch.shots[i].res = ring_await(&player->ring->ring, batch.shots[i].flight.id).res;
	for (unsigned i = 0; i < batch.count; i++)
		if (batch.shots[i].cancel_id)
			ring_await(&player->ring->ring, batch.shots[i].cancel_id);
	batch.completed = event_stamp();
	for (unsigned i = 0; i < batch.count; i++) {
		judge(player, &batch, i);
		flight_close(&batch.shots[i].flight);
	}
}
