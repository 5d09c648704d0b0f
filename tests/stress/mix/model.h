/*
 * What each slot of a ring's table may hold at any moment, as far as the program can know: a change
 * takes effect somewhere between its call and its return, so there is a time in which the old memory,
 * the new one or none may be found there. From that follows what a request may end with.
 *
 * Times are numbers of event_stamp().
 */
#ifndef MIX_MODEL_H
#define MIX_MODEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define MIX_SLOTS 8
/* What is in a slot: the number of a memory, or one of these. */
#define HOLDS_NOTHING -1
#define HOLDS_ANYTHING -2
/* Further back than the longest request lasts. */
#define MODEL_HISTORY 64

struct holding {
	int memory;
	uint64_t possible_from, possible_to;
	uint64_t certain_from, certain_to; /* from > to: never */
};

struct slot_model {
	struct holding past[MODEL_HISTORY];
	uint64_t count;
};

struct model {
	pthread_mutex_t lock;
	struct slot_model slots[MIX_SLOTS];
	unsigned length; /* of the table; 0: none. Changed by the one thread that changes the table. */
};

/* A change that is being made: what each slot is to hold, where `touched`. */
struct change {
	bool touched[MIX_SLOTS];
	int memory[MIX_SLOTS];
	unsigned length; /* of the table after it */
	uint64_t begun;
};

void model_init(struct model *model);
/* What is there now; for the thread that changes the table only. */
int model_holds(struct model *model, unsigned slot);

/* Around the call; `done[slot]` says which slots it has changed, NULL for none. */
void model_begin(struct model *model, struct change *change);
void model_end(struct model *model, const struct change *change, const bool *done);

/* Of a request that was submitted after `from` and seen completed before `to`. */
bool model_may_find(struct model *model, unsigned slot, int memory, uint64_t from, uint64_t to);
bool model_may_miss(struct model *model, unsigned slot, int memory, uint64_t from, uint64_t to);

#endif
