/*
 * Unregister and register, over and over, against threads that submit fixed requests as fast as
 * they can: nothing is held back, every moment of a request's life meets every moment of the
 * registration's.
 *
 * Invariants, in every design:
 *   - each request completes exactly once: with all its bytes in its range, or with EFAULT and
 *     none; a request that failed has taken nothing out of its pipe and put nothing in;
 *   - register gives 0 or EBUSY, unregister 0 or ENXIO, each in bounded time however busy the
 *     submitters are; every submission is accepted;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.11 and later.
 *
 * How many requests meet an empty table is timing, so nothing here tells designs apart; it is the
 * numbers that are worth a look.
 */
#include <errno.h>
#include <pthread.h>

#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "turns.h"

#define SUBMITTERS 2
#define MOST_CHANGERS 2
#define BATCH 4
/* Submitted between a register and its unregister. */
#define MOST_BATCHES 8
#define PINS_MS 5000u

struct shared_ring {
	struct ring ring;
	pthread_mutex_t sq_lock; /* the submission queue has one producer at a time */
	struct region regions[SUBMITTERS * BATCH];
	struct iovec buffers[SUBMITTERS * BATCH];
	struct turns turns;
};

struct submitter {
	struct shared_ring *shared;
	unsigned first_slot;
	unsigned batches;
	struct rng rng;
	unsigned full;
	unsigned efaults;
	pthread_t thread;
};

/* One that changes the registration. */
struct changer {
	struct shared_ring *shared;
	struct rng rng;
	unsigned unregistered;
	double longest_ms;
	pthread_t thread;
};

static void submit_batch(struct submitter *submitter, struct flight *flights)
{
	struct shared_ring *shared = submitter->shared;

	for (unsigned i = 0; i < BATCH; i++) {
		unsigned slot = submitter->first_slot + i;

		flight_aim(&flights[i], &shared->regions[slot], slot, &submitter->rng);
	}
	pthread_mutex_lock(&shared->sq_lock);
	for (unsigned i = 0; i < BATCH; i++)
		flight_prepare(&flights[i], rng_chance(&submitter->rng, 4) ? IOSQE_ASYNC : 0);
	ring_submit(&shared->ring, BATCH);
	pthread_mutex_unlock(&shared->sq_lock);
}

static void *submit(void *argument)
{
	struct submitter *submitter = argument;
	struct flight flights[BATCH];

	for (unsigned i = 0; i < BATCH; i++)
		flight_open(&flights[i], &submitter->shared->ring, i % 4 == 3 ? FLIGHT_WRITE : FLIGHT_READ,
			    FLIGHT_READY);
	for (unsigned batch = 0; batch < submitter->batches; batch++) {
		if (!rng_chance(&submitter->rng, 6))
			turns_await_registered(&submitter->shared->turns);
		submit_batch(submitter, flights);
		turns_count_batch(&submitter->shared->turns);
		for (unsigned i = 0; i < BATCH; i++) {
			struct region *region = &submitter->shared->regions[submitter->first_slot + i];
			struct landing landing = flight_land(&flights[i], region, NULL, false);

			submitter->full += landing.used == USED_OLD;
			submitter->efaults += landing.used == USED_NONE;
			if (landing.used == USED_OLD && flights[i].direction == FLIGHT_READ)
				region_fill(region);
		}
	}
	for (unsigned i = 0; i < BATCH; i++)
		flight_close(&flights[i]);
	return NULL;
}

/*
 * One registration and its end. In half of the cases the submitters hear of the end only when it
 * has come: they go on submitting while unregister is at work.
 */
static void change_once(struct changer *changer)
{
	struct shared_ring *shared = changer->shared;
	bool in_silence = rng_chance(&changer->rng, 2);
	int res = register_buffers(&shared->ring, shared->buffers, SUBMITTERS * BATCH, NULL);
	int64_t start;

	if (res != 0 && res != -EBUSY)
		fail_now("register to give 0 or EBUSY", text("result %s", result_text(res)));
	if (res == 0) {
		turns_set_registered(&shared->turns, true);
		turns_await_batches(&shared->turns, (unsigned)rng_below(&changer->rng, MOST_BATCHES));
	}
	if (!in_silence)
		turns_set_registered(&shared->turns, false);
	start = clock_ns();
	res = unregister_buffers(&shared->ring);
	if (res != 0 && res != -ENXIO)
		fail_now("unregister to give 0 or ENXIO", text("result %s", result_text(res)));
	changer->unregistered += res == 0;
	if (ms_since(start) > changer->longest_ms)
		changer->longest_ms = ms_since(start);
	if (in_silence)
		turns_set_registered(&shared->turns, false);
}

static void *change(void *argument)
{
	struct changer *changer = argument;

	while (!turns_over(&changer->shared->turns))
		change_once(changer);
	return NULL;
}

static void open_shared(struct shared_ring *shared)
{
	ring_open(&shared->ring, (struct ring_options){ .entries = 32, .shared = true });
	pthread_mutex_init(&shared->sq_lock, NULL);
	turns_init(&shared->turns);
	for (unsigned i = 0; i < SUBMITTERS * BATCH; i++) {
		region_map(&shared->regions[i], BUFFER_PAGES, "the memory of a submitter");
		shared->buffers[i] = region_iovec(&shared->regions[i]);
	}
}

static void close_shared(struct shared_ring *shared, struct rng *rng)
{
	check_usable(&shared->ring, rng);
	ring_check(&shared->ring);
	ring_close(&shared->ring);
	for (unsigned i = 0; i < SUBMITTERS * BATCH; i++)
		region_unmap(&shared->regions[i]);
}

static void race(struct run *run, unsigned rings, unsigned changers_per_ring)
{
	struct shared_ring shared[SUBMITTERS];
	struct submitter submitters[SUBMITTERS];
	struct changer changers[SUBMITTERS * MOST_CHANGERS];
	unsigned full = 0, efaults = 0, unregistered = 0;
	double longest_ms = 0;
	long pins = pins_at_rest();

	for (unsigned i = 0; i < rings; i++)
		open_shared(&shared[i]);
	for (unsigned i = 0; i < rings * changers_per_ring; i++) {
		changers[i] = (struct changer){
			.shared = &shared[i % rings],
			.rng = { .state = rng_next(&run->rng) },
		};
		pthread_create(&changers[i].thread, NULL, change, &changers[i]);
	}
	for (unsigned i = 0; i < SUBMITTERS; i++) {
		submitters[i] = (struct submitter){
			.shared = &shared[i % rings],
			.first_slot = i * BATCH,
			.batches = run->rounds / (SUBMITTERS * BATCH) + 1,
			.rng = { .state = rng_next(&run->rng) },
		};
		pthread_create(&submitters[i].thread, NULL, submit, &submitters[i]);
	}
	for (unsigned i = 0; i < SUBMITTERS; i++) {
		pthread_join(submitters[i].thread, NULL);
		full += submitters[i].full;
		efaults += submitters[i].efaults;
	}
	for (unsigned i = 0; i < rings; i++)
		turns_end(&shared[i].turns);
	for (unsigned i = 0; i < rings * changers_per_ring; i++) {
		pthread_join(changers[i].thread, NULL);
		unregistered += changers[i].unregistered;
		if (changers[i].longest_ms > longest_ms)
			longest_ms = changers[i].longest_ms;
	}
	for (unsigned i = 0; i < rings; i++)
		close_shared(&shared[i], &run->rng);
	if (pins >= 0 && !pins_fall_to(pins, PINS_MS))
		fail(text("%ld pinned pages, as before", pins), text("%ld", pins_outstanding()));
	observe_measure("full", full, text("of-%u", full + efaults));
	observe_measure("efault", efaults, text("of-%u", full + efaults));
	observe_measure("unregistered", unregistered, "times");
	observe_measure("longest_unregister_ms", longest_ms, "ms");
}

static void one_ring(struct run *run)
{
	race(run, 1, 1);
}

static void ring_each(struct run *run)
{
	race(run, SUBMITTERS, 1);
}

static void two_unregister(struct run *run)
{
	race(run, 1, 2);
}

static const struct point points[] = {
	{ "one-ring", "two threads submit to one ring, a third registers and unregisters", 1600, one_ring },
	{ "ring-each", "two threads with a ring each, two more register and unregister", 1600, ring_each },
	{ "two-unregister", "two threads register and unregister against each other", 1200, two_unregister },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "unregister-vs-submit",
		.summary = "unregister and register against threads that submit",
		.details =
			"Invariants: a request completes once, with all its bytes or with EFAULT and none;\n"
			"register gives 0 or EBUSY, unregister 0 or ENXIO, in bounded time; every submission\n"
			"is accepted; nothing stays pinned.\n"
			"Tells no designs apart: how many requests meet an empty table is timing.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
