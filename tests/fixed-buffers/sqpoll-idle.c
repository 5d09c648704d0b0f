/*
 * An SQPOLL thread that falls asleep and is woken up around changes of the registration: requests lie
 * in the queue, seen by nobody, while their buffer is unregistered or replaced; and updates meet
 * requests that the thread has taken.
 *
 * Invariants, in every design:
 *   - a request that the kernel has not taken yet finds what is registered when it takes it: EFAULT
 *     when the slot is empty or holds other addresses, the new memory when it lies at the same ones;
 *     and nothing waits for it;
 *   - requests that were taken use the old memory or the new one, never both; the tag of the old one
 *     comes once, and not before its last user has completed;
 *   - threads that submit while the kernel's thread falls asleep and wakes up all the time, against one
 *     that registers: each request moves all its bytes or fails with EFAULT; nothing stays pinned.
 *
 * Kernels: 5.13 and later; the queued point 5.15.
 *
 * Tells apart: selection at submission (memory=old) from look-up at issue (memory=new).
 */
#include <errno.h>
#include <pthread.h>

#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"
#include "turns.h"
#include "watch.h"

#define LONGEST_IDLE_MS 5000u
#define BATCH 4
/* Up to 6.1 the work that ends an unregister may be put off by a second. */
#define NO_WAIT_MS 5000u

static void update_in_flight(struct run *run, enum stage stage)
{
	const struct trial_plan plan = {
		.direction = FLIGHT_READ,
		.stage = stage,
		.flights = 4,
		.ring_flags = IORING_SETUP_SQPOLL,
		.tagged = true,
	};

	experiment_update(run, plan, trial_map_same_address);
}

static void update_issued(struct run *run)
{
	update_in_flight(run, STAGE_ISSUED);
}

static void update_queued(struct run *run)
{
	update_in_flight(run, STAGE_QUEUED);
}

static void update_linked(struct run *run)
{
	update_in_flight(run, STAGE_LINKED);
}

static void await_asleep(struct ring *ring)
{
	struct deadline deadline = deadline_in_ms(LONGEST_IDLE_MS);

	while (!(IO_URING_READ_ONCE(*ring->uring.sq.kflags) & IORING_SQ_NEED_WAKEUP)) {
		if (deadline_passed(deadline))
			fail_now(text("the idle SQPOLL thread asleep within %u ms", LONGEST_IDLE_MS),
				 "it does not ask to be woken up");
		sleep_ms(2);
	}
}

/* Makes the prepared requests visible to the kernel's thread without waking it up. */
static void publish(struct ring *ring)
{
	struct io_uring_sq *sq = &ring->uring.sq;

	while (sq->sqe_head != sq->sqe_tail) {
		sq->array[*sq->ktail & *sq->kring_mask] = sq->sqe_head & *sq->kring_mask;
		__atomic_store_n(sq->ktail, *sq->ktail + 1, __ATOMIC_RELEASE);
		sq->sqe_head++;
	}
}

enum meanwhile { THEN_NONE, THEN_ELSEWHERE, THEN_SAME_ADDRESS };

static long change(struct trial *trial)
{
	return trial->has_fresh ? trial_replace(trial) : trial_unregister(trial);
}

/* The registration changes while a request lies in the queue of a thread that sleeps. */
static void change_asleep(struct run *run, enum meanwhile meanwhile)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		/* The trial's own request is over before the thread falls asleep. */
		struct trial_plan plan = { .direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = 1,
					   .ring_flags = IORING_SETUP_SQPOLL };
		struct landing landing;
		struct flight late;
		struct trial trial;
		int watch;
		long res;

		trial_open(&trial, plan, &run->rng);
		await_asleep(&trial.ring);
		flight_open(&late, &trial.ring, FLIGHT_READ, FLIGHT_READY);
		if (meanwhile == THEN_SAME_ADDRESS)
			trial_map_same_address(&trial);
		else if (meanwhile == THEN_ELSEWHERE)
			trial_map_elsewhere(&trial);
		flight_release(&trial.flights[0]);
		ring_await(&trial.ring, trial.flights[0].id);
		trial_land_one(&trial, 0);
		region_fill(&trial.old[0]);
		await_asleep(&trial.ring);
		flight_aim(&late, meanwhile == THEN_SAME_ADDRESS ? &trial.fresh[0] : &trial.old[0], 0, &run->rng);
		flight_prepare(&late, 0);
		publish(&trial.ring);
		/* A wait for a request that nobody has taken would be a wait for ever. */
		watch = watch_begin("a change while requests lie in the queue", NO_WAIT_MS);
		res = change(&trial);
		watch_end(watch);
		if (res < 0)
			fail("the change to succeed", text("result %s", result_text(res)));
		ring_submit(&trial.ring, 0);
		landing = flight_land(&late, meanwhile == THEN_SAME_ADDRESS ? &trial.fresh[0] : &trial.old[0], NULL,
				      false);
		if ((landing.used == USED_OLD) != (meanwhile == THEN_SAME_ADDRESS))
			fail("a request to find what is registered when it is taken",
			     text("result %s", result_text(landing.res)));
		if (landing.used != USED_NONE)
			region_fill(&trial.fresh[0]);
		trial.used_old = trial.used_new = trial.landed = 0;
		flight_close(&late);
		trial_close(&trial);
	}
}

static void unregistered_asleep(struct run *run)
{
	change_asleep(run, THEN_NONE);
}

static void elsewhere_asleep(struct run *run)
{
	change_asleep(run, THEN_ELSEWHERE);
}

static void replaced_asleep(struct run *run)
{
	change_asleep(run, THEN_SAME_ADDRESS);
}

struct dozer {
	struct ring ring;
	struct turns turns;
	struct region regions[BATCH];
	struct rng rng;
	unsigned unregistered;
};

static void *keep_registering(void *argument)
{
	struct dozer *dozer = argument;
	struct iovec buffers[BATCH];

	for (unsigned i = 0; i < BATCH; i++)
		buffers[i] = region_iovec(&dozer->regions[i]);
	while (!turns_over(&dozer->turns)) {
		register_or_leave(&dozer->ring, buffers, BATCH, NULL);
		turns_set_registered(&dozer->turns, true);
		turns_await_batches(&dozer->turns, 1 + (unsigned)rng_below(&dozer->rng, 3));
		turns_set_registered(&dozer->turns, false);
		if (unregister_buffers(&dozer->ring) != 0)
			fail_now("unregister to succeed", "an error");
		dozer->unregistered++;
	}
	return NULL;
}

/* The thread falls asleep after a millisecond, and each batch finds it asleep, awake or in between. */
static void dozing(struct run *run)
{
	struct dozer dozer = { .rng = { rng_next(&run->rng) } };
	struct flight flights[BATCH];
	unsigned full = 0, efaults = 0;
	long pins = pins_at_rest();
	pthread_t thread;

	ring_open(&dozer.ring, (struct ring_options){ .entries = 8, .flags = IORING_SETUP_SQPOLL, .sq_idle_ms = 1 });
	turns_init(&dozer.turns);
	for (unsigned i = 0; i < BATCH; i++) {
		region_map(&dozer.regions[i], BUFFER_PAGES, "the memory of a request");
		flight_open(&flights[i], &dozer.ring, i % 2 ? FLIGHT_WRITE : FLIGHT_READ, FLIGHT_READY);
	}
	if (pthread_create(&thread, NULL, keep_registering, &dozer))
		error_now("cannot start a thread");
	for (unsigned round = 0; round < run->rounds; round++) {
		sleep_ms((unsigned)rng_below(&run->rng, 4));
		if (!rng_chance(&run->rng, 5))
			turns_await_registered(&dozer.turns);
		for (unsigned i = 0; i < BATCH; i++) {
			flight_aim(&flights[i], &dozer.regions[i], i, &run->rng);
			flight_prepare(&flights[i], rng_chance(&run->rng, 4) ? IOSQE_ASYNC : 0);
		}
		ring_submit(&dozer.ring, BATCH);
		turns_count_batch(&dozer.turns);
		for (unsigned i = 0; i < BATCH; i++) {
			enum used used = flight_land(&flights[i], &dozer.regions[i], NULL, false).used;

			full += used == USED_OLD;
			efaults += used == USED_NONE;
			if (used == USED_OLD && flights[i].direction == FLIGHT_READ)
				region_fill(&dozer.regions[i]);
		}
	}
	turns_end(&dozer.turns);
	pthread_join(thread, NULL);
	check_usable(&dozer.ring, &run->rng);
	ring_check(&dozer.ring);
	ring_close(&dozer.ring);
	pins_check(pins, "after the race");
	observe_measure("full", full, text("of-%u", full + efaults));
	observe_measure("unregistered", dozer.unregistered, "times");
}

static const struct point points[] = {
	{ "update-issued", "reads wait for their pipes; update at the same addresses", 1, update_issued },
	{ "update-queued", "reads taken but not issued, behind a busy worker; the same", 1, update_queued },
	{ "update-linked", "reads linked behind plain reads that wait; the same", 1, update_linked },
	{ "unregistered-asleep", "unregister while a request lies in a sleeping thread's queue", 1,
	  unregistered_asleep },
	{ "elsewhere-asleep", "the same, and other memory is registered", 1, elsewhere_asleep },
	{ "replaced-asleep", "the same, other memory at the same addresses", 1, replaced_asleep },
	{ "dozing", "batches to a thread that dozes off, against register and unregister", 60, dozing },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "sqpoll-idle",
		.summary = "an SQPOLL thread that sleeps and wakes up around changes of the registration",
		.details =
			"Invariants: a request not taken yet finds what is registered when it is taken, and\n"
			"nothing waits for it; one that was taken uses one memory, and tags do not overtake\n"
			"it; nothing stays pinned.\n"
			"Tells apart: buffer selected at submission (old), looked up at issue (new).\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
