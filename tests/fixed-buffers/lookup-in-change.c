/*
 * A worker that issues a fixed request while the table is being changed: the thread that changes it
 * holds the ring's lock and gets no further, because the descriptions of the buffers that it is to
 * copy from its caller are absent until the test provides them.
 *
 * So the race between a look-up and an update, which otherwise is a matter of a few instructions,
 * takes place every time: a look-up that does not synchronise with the update finds the old buffer
 * first, and whatever it needs the lock for afterwards.
 *
 * Invariants, in every design:
 *   - the request uses one memory, the old or the new one, and what it uses stays pinned until it
 *     has ended; the tag of what it uses comes after it;
 *   - it may wait for the lock, and then goes on as soon as that is free; nothing locks up;
 *   - nothing stays pinned, and the ring stays usable.
 *
 * Kernels: 5.15 and later, with userfaultfd for the kernel's own faults (root).
 *
 * Tells apart: a buffer that the request has from its submission or finds without the lock
 * (memory=old, waits_for_lock=no) from one that it looks up under the lock (memory=new,
 * waits_for_lock=yes).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include "absent.h"
#include "call.h"
#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "tasks.h"
#include "trial.h"

/* Up to 6.1 a replaced buffer is released a second after its last user. */
#define LAG_MS 1500u
/* For the worker to get to the request. */
#define ISSUED_MS scaled_ms(3000)

struct change {
	struct trial *trial;
	struct region arguments; /* holds the descriptions of the new buffers */
	struct absent absent;
	struct call call;
	bool waits_for_lock; /* the worker */
};

static long update_from_absent(void *argument)
{
	struct change *change = argument;
	struct trial *trial = change->trial;
	int res = update_buffers(&trial->ring, 0, (const struct iovec *)change->arguments.base,
				 trial->plan.flights, NULL);

	trial->fresh_is_registered = trial->tags_are_due = res == (int)trial->plan.flights;
	return res < 0 ? res : 0;
}

/* Up to the moment at which the update has the ring's lock and cannot go on. */
static void change_begin(struct change *change)
{
	struct iovec buffers[MOST_FLIGHTS];
	struct trial *trial = change->trial;

	trial_map_same_address(trial);
	for (unsigned i = 0; i < trial->plan.flights; i++)
		buffers[i] = region_iovec(&trial->fresh[i]);
	region_map(&change->arguments, 1, "the arguments of the update");
	memcpy(change->arguments.base, buffers, trial->plan.flights * sizeof(*buffers));
	absent_begin(&change->absent, change->arguments.base, change->arguments.length);
	call_init(&change->call, "update", update_from_absent, change);
	call_start(&change->call);
	absent_await_touch(&change->absent, "an update");
}

static void change_end(struct change *change)
{
	absent_end(&change->absent);
	if (call_end(&change->call) < 0)
		fail("update to succeed", text("result %s", result_text(change->call.result)));
	region_unmap(&change->arguments);
}

/* A worker that waits for a lock, and still does when everything else has happened. */
static bool waits_for_lock(void)
{
	if (!tasks_workers_in_state('D'))
		return false;
	settle();
	return tasks_workers_in_state('D');
}

/* The one worker goes on to the request: does it get to the pipe, or no further than the lock? */
static bool issue(struct trial *trial)
{
	struct deadline deadline = deadline_in_ms(ISSUED_MS);

	stall_release(&trial->stall);
	while (!deadline_passed(deadline)) {
		if (waits_for_lock())
			return true;
		if (tasks_workers_in_pipes() || flights_polling(&trial->ring))
			return false;
		sleep_ms(2);
	}
	/* It waits for its pipe, perhaps, and the kernel does not tell of polls while the lock is held. */
	return false;
}

static void look_at_pins(struct trial *trial)
{
	long pages = pins_outstanding() - trial->pins_before - BUFFER_PAGES;

	if (trial->pins_before >= 0)
		trial->looks[trial->look_count++] =
			(struct pin_look){ .pinned = pages > 0 ? pages / BUFFER_PAGES : 0, .in_flight = 1 };
}

/* Not by the submitter: the kernel may have work for that one, which needs the lock. */
static void *change_and_issue(void *argument)
{
	struct change *change = argument;

	change_begin(change);
	change->waits_for_lock = issue(change->trial);
	change_end(change);
	return NULL;
}

static void race(struct run *run, enum direction direction)
{
	const struct trial_plan plan = {
		.direction = direction, .stage = STAGE_QUEUED, .flights = 1, .tagged = true, .held_at_issue = true
	};
	struct agreed waits = { 0 }, memory = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct landing landing;
		struct trial trial;
		struct change change = { .trial = &trial };
		pthread_t thread;

		trial_open(&trial, plan, &run->rng);
		if (pthread_create(&thread, NULL, change_and_issue, &change))
			error_now("cannot start a thread");
		pthread_join(thread, NULL);
		agreed_add(&waits, change.waits_for_lock ? "yes" : "no");
		/* Whatever the update has set in motion, it may not touch what the request uses. */
		ring_await_within(&trial.ring, trial.tags[0], LAG_MS);
		look_at_pins(&trial);
		flight_release(&trial.flights[0]);
		landing = trial_land_one(&trial, 0);
		agreed_add(&memory, used_text(landing.used));
		trial_close(&trial);
	}
	observe_agreed("waits_for_lock", &waits);
	observe_agreed("memory", &memory);
}

static void read_against_update(struct run *run)
{
	race(run, FLIGHT_READ);
}

static void write_against_update(struct run *run)
{
	race(run, FLIGHT_WRITE);
}

static const struct point points[] = {
	{ "read-against-update", "a worker issues a read in the midst of an update", 1, read_against_update },
	{ "write-against-update", "a worker issues a write in the midst of an update", 1, write_against_update },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "lookup-in-change",
		.summary = "a worker that issues a fixed request in the midst of an update of its slot",
		.details =
			"Invariants: the request uses one memory, which stays pinned, and whose tag does not\n"
			"come, until it has ended; nothing locks up.\n"
			"Tells apart: a buffer that the request has already, or finds without the ring's lock,\n"
			"from one that it looks up under the lock.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
