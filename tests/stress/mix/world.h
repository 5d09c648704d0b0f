/* What the threads of the mix share. */
#ifndef MIX_WORLD_H
#define MIX_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "flight.h"
#include "memory.h"
#include "model.h"
#include "point.h"
#include "ring.h"
#include "rng.h"

#define MIX_RINGS 4
#define MIX_MEMORIES 6
#define MIX_SUBMITTERS 6
#define PART_PAGES 2

/* How a ring is used: its set-up flags, how many threads submit, and who changes its table. */
struct ring_kind {
	const char *name;
	unsigned flags;
	unsigned submitters;
	bool one_thread; /* which also changes the table: DEFER_TASKRUN allows no other */
};

struct mix_ring {
	const struct ring_kind *kind;
	unsigned number;
	struct ring ring;
	pthread_mutex_t sq_lock;    /* the submission queue has one producer at a time */
	pthread_mutex_t table_lock; /* who changes the table, or wants it not to change */
	struct model model;
};

struct world {
	struct mix_ring rings[MIX_RINGS];
	struct region memories[MIX_MEMORIES];
	/* Each submitter's own pages of each memory: its requests can be judged by themselves. */
	struct region parts[MIX_MEMORIES][MIX_SUBMITTERS];
	bool can_clone;
	bool can_clone_ranges;
	_Atomic bool over;
};

/* A thread: its stream of choices depends on nothing but the seed. */
struct player {
	struct world *world;
	struct mix_ring *ring;
	unsigned submitter; /* number of its parts */
	struct rng rng;
	unsigned rounds;
	unsigned requests, full, missed, cancelled, changes;
	unsigned determined; /* requests of which the model knew exactly how they must end */
	pthread_t thread;
};

/* The time is up, or something has failed. */
static inline bool is_over(struct player *player)
{
	return atomic_load(&player->world->over) || point_has_failed();
}

/* submit.c: one batch of requests, submitted and judged. */
void submit_round(struct player *player);
/* change.c: one change of the ring's table. */
void change_round(struct player *player);
/* At the end: the table becomes empty. */
void change_to_none(struct player *player);

#endif
