/*
 * One change of a ring's table. A ring's table is changed by one thread at a time, so what the call
 * must give is known exactly; how the calls themselves race is for other programs to see.
 */
#include <errno.h>

#include "clock.h"
#include "clone.h"
#include "log.h"
#include "point.h"
#include "register.h"
#include "world.h"

static struct iovec iovec_of(struct world *world, int memory)
{
	return memory < 0 ? (struct iovec){ 0 } : region_iovec(&world->memories[memory]);
}

static int choose_memory(struct player *player, unsigned slot)
{
	if (rng_chance(&player->rng, 12))
		return HOLDS_NOTHING;
	if (rng_chance(&player->rng, 8))
		return (int)rng_below(&player->rng, MIX_MEMORIES);
	return (int)(slot % MIX_MEMORIES);
}

static void expect(struct player *player, const char *what, int res, int expected)
{
	log_operation(player->ring->number, "%s: result %d", what, res);
	if (res != expected)
		fail(text("%s of ring %u to give %s", what, player->ring->number, result_text(expected)),
		     text("result %s", result_text(res)));
	player->changes += res >= 0;
}

static uint64_t new_tag(struct player *player, int memory)
{
	if (memory < 0 || rng_chance(&player->rng, 2))
		return 0;
	return ring_announce_optional(&player->ring->ring, "the tag of a buffer");
}

/* All slots of the change, for a call that does all or nothing. */
static void end_change(struct model *model, const struct change *change, bool done)
{
	bool all[MIX_SLOTS];

	for (unsigned i = 0; i < MIX_SLOTS; i++)
		all[i] = done;
	model_end(model, change, all);
}

static void register_table(struct player *player)
{
	struct model *model = &player->ring->model;
	struct change change = { .length = MIX_SLOTS };
	struct iovec buffers[MIX_SLOTS];
	uint64_t tags[MIX_SLOTS];
	int res;

	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		change.touched[i] = model->length == 0;
		change.memory[i] = choose_memory(player, i);
		buffers[i] = iovec_of(player->world, change.memory[i]);
		tags[i] = new_tag(player, change.memory[i]);
	}
	log_operation(player->ring->number, "register");
	model_begin(model, &change);
	res = register_buffers(&player->ring->ring, buffers, MIX_SLOTS, tags);
	expect(player, "register", res, model->length ? -EBUSY : 0);
	end_change(model, &change, res == 0);
}

static void unregister_table(struct player *player)
{
	struct model *model = &player->ring->model;
	struct change change = { .length = 0 };
	int res;

	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		change.touched[i] = model->length != 0;
		change.memory[i] = HOLDS_NOTHING;
	}
	log_operation(player->ring->number, "unregister");
	model_begin(model, &change);
	res = unregister_buffers(&player->ring->ring);
	expect(player, "unregister", res, model->length ? 0 : -ENXIO);
	end_change(model, &change, res == 0);
}

static void update_slots(struct player *player)
{
	struct model *model = &player->ring->model;
	unsigned first = (unsigned)rng_below(&player->rng, MIX_SLOTS);
	unsigned count = 1 + (unsigned)rng_below(&player->rng, MIX_SLOTS - first);
	struct change change = { .length = model->length };
	bool fits = first + count <= model->length;
	bool done[MIX_SLOTS] = { false };
	struct iovec buffers[MIX_SLOTS];
	uint64_t tags[MIX_SLOTS];
	int res;

	for (unsigned i = 0; i < count; i++) {
		change.touched[first + i] = fits;
		change.memory[first + i] = choose_memory(player, first + i);
		buffers[i] = iovec_of(player->world, change.memory[first + i]);
		tags[i] = new_tag(player, change.memory[first + i]);
	}
	log_operation(player->ring->number, "update of %u slots from %u", count, first);
	model_begin(model, &change);
	res = update_buffers(&player->ring->ring, first, buffers, count, tags);
	expect(player, "update", res, fits ? (int)count : model->length ? -EINVAL : -ENXIO);
	for (int i = 0; i < res; i++)
		done[first + (unsigned)i] = true;
	model_end(model, &change, done);
}

/* Its own table's lock is held; the source's, too, unless its table may change meanwhile. */
static void clone_from(struct player *player, struct mix_ring *source, bool source_stays)
{
	struct model *model = &player->ring->model;
	struct clone_request request = {
		.src_fd = (uint32_t)source->ring.uring.ring_fd,
		.flags = player->world->can_clone_ranges ? CLONE_DST_REPLACE : 0,
	};
	struct change change = { .length = MIX_SLOTS };
	bool refused = model->length && !player->world->can_clone_ranges;
	bool empty = source->model.length == 0;
	int res;

	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		change.touched[i] = !refused;
		change.memory[i] = source_stays ? model_holds(&source->model, i) : HOLDS_ANYTHING;
	}
	log_operation(player->ring->number, "clone from ring %u", source->number);
	model_begin(model, &change);
	res = clone_buffers(&player->ring->ring, &request);
	if (source_stays || refused || res != -ENXIO)
		expect(player, "clone", res, refused ? -EBUSY : source_stays && empty ? -ENXIO : 0);
	end_change(model, &change, res == 0);
}

/* The two tables' locks in the order of the rings' numbers, or only the own one. */
static void clone_table(struct player *player)
{
	struct mix_ring *own = player->ring;
	struct mix_ring *source = &player->world->rings[rng_below(&player->rng, MIX_RINGS)];
	bool source_stays = rng_chance(&player->rng, 2);

	/* A ring with one thread cannot be cloned from by another thread. */
	if (source == own || source->kind->one_thread)
		return;
	if (source_stays && source->number < own->number)
		pthread_mutex_lock(&source->table_lock);
	pthread_mutex_lock(&own->table_lock);
	if (source_stays && source->number > own->number)
		pthread_mutex_lock(&source->table_lock);
	clone_from(player, source, source_stays);
	pthread_mutex_unlock(&own->table_lock);
	if (source_stays)
		pthread_mutex_unlock(&source->table_lock);
}

void change_round(struct player *player)
{
	size_t choice = rng_below(&player->rng, 16);

	if (choice < 3 && player->world->can_clone) {
		clone_table(player);
		return;
	}
	pthread_mutex_lock(&player->ring->table_lock);
	if (choice < 8)
		register_table(player);
	else if (choice < 10)
		unregister_table(player);
	else
		update_slots(player);
	pthread_mutex_unlock(&player->ring->table_lock);
}

void change_to_none(struct player *player)
{
	pthread_mutex_lock(&player->ring->table_lock);
	unregister_table(player);
	pthread_mutex_unlock(&player->ring->table_lock);
}
