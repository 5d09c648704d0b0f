#include "model.h"

#include "clock.h"

#define EVER UINT64_MAX

static struct holding *newest(struct slot_model *slot)
{
	return &slot->past[(slot->count - 1) % MODEL_HISTORY];
}

static struct holding *push(struct slot_model *slot, struct holding holding)
{
	slot->past[slot->count++ % MODEL_HISTORY] = holding;
	return newest(slot);
}

void model_init(struct model *model)
{
	pthread_mutex_init(&model->lock, NULL);
	model->length = 0;
	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		model->slots[i].count = 0;
		push(&model->slots[i], (struct holding){ .memory = HOLDS_NOTHING,
							 .possible_to = EVER,
							 .certain_to = EVER });
	}
}

int model_holds(struct model *model, unsigned slot)
{
	int memory;

	pthread_mutex_lock(&model->lock);
	memory = newest(&model->slots[slot])->memory;
	pthread_mutex_unlock(&model->lock);
	return memory;
}

/* From now on the old memory is not certain any more, and the new one is possible. */
void model_begin(struct model *model, struct change *change)
{
	pthread_mutex_lock(&model->lock);
	change->begun = event_stamp();
	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		if (!change->touched[i])
			continue;
		newest(&model->slots[i])->certain_to = change->begun;
		push(&model->slots[i], (struct holding){ .memory = change->memory[i],
							 .possible_from = change->begun,
							 .possible_to = EVER,
							 .certain_from = EVER,
							 .certain_to = 0 });
	}
	pthread_mutex_unlock(&model->lock);
}

static void settle_slot(struct slot_model *slot, bool done, uint64_t now)
{
	struct holding *fresh = newest(slot);
	struct holding *old = &slot->past[(slot->count - 2) % MODEL_HISTORY];

	if (done) {
		old->possible_to = now;
		if (fresh->memory != HOLDS_ANYTHING) {
			fresh->certain_from = now;
			fresh->certain_to = EVER;
		}
		return;
	}
	/* Nothing has changed; but during the call, who knows. */
	fresh->possible_to = now;
	push(slot, (struct holding){ .memory = old->memory,
				     .possible_from = old->possible_from,
				     .possible_to = EVER,
				     .certain_from = old->memory == HOLDS_ANYTHING ? EVER : now,
				     .certain_to = old->memory == HOLDS_ANYTHING ? 0 : EVER });
}

void model_end(struct model *model, const struct change *change, const bool *done)
{
	bool all = true;

	pthread_mutex_lock(&model->lock);
	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		bool changed = done && done[i];

		if (!change->touched[i])
			continue;
		settle_slot(&model->slots[i], changed, event_stamp());
		all &= changed;
	}
	if (all)
		model->length = change->length;
	pthread_mutex_unlock(&model->lock);
}

/* The history does not reach back to `from`: then nothing can be ruled out. */
static bool forgotten(const struct slot_model *slot, uint64_t from)
{
	return slot->count > MODEL_HISTORY && slot->past[slot->count % MODEL_HISTORY].possible_from > from;
}

static unsigned remembered(const struct slot_model *slot)
{
	return slot->count < MODEL_HISTORY ? (unsigned)slot->count : MODEL_HISTORY;
}

bool model_may_find(struct model *model, unsigned slot, int memory, uint64_t from, uint64_t to)
{
	const struct slot_model *history = &model->slots[slot];
	bool found;

	pthread_mutex_lock(&model->lock);
	found = forgotten(history, from);
	for (unsigned i = 0; i < remembered(history) && !found; i++) {
		const struct holding *holding = &history->past[i];

		found = (holding->memory == memory || holding->memory == HOLDS_ANYTHING) &&
			holding->possible_from <= to && holding->possible_to >= from;
	}
	pthread_mutex_unlock(&model->lock);
	return found;
}

bool model_may_miss(struct model *model, unsigned slot, int memory, uint64_t from, uint64_t to)
{
	const struct slot_model *history = &model->slots[slot];
	bool certain = false;

	pthread_mutex_lock(&model->lock);
	for (unsigned i = 0; i < remembered(history) && !certain; i++) {
		const struct holding *holding = &history->past[i];

		certain = holding->memory == memory && holding->certain_from <= from &&
			  holding->certain_to >= to;
	}
	certain = certain && !forgotten(history, from);
	pthread_mutex_unlock(&model->lock);
	return !certain;
}
