/*
 * Registrations and updates that wait for a page of the application's memory, in the midst of their
 * buffers and for as long as the test wants (userfaultfd).
 *
 * Invariants, in every design:
 *   - a registration that waited works when its pages have come; what other threads asked of the ring
 *     meanwhile is done at the latest then;
 *   - one whose memory is gone when it goes on fails and leaves nothing behind: no page pinned, no
 *     tag posted, and the next registration works;
 *   - a process can be killed in it, and nothing stays pinned;
 *   - an update that waited replaces all its slots; requests in flight keep their buffers, and each
 *     tag is posted once, not before the last user has completed.
 *
 * Kernels: 6.12 and later, as root. In 6.1 a registration does not wait for such pages, it fails at
 * once: pin_user_pages() does not let go of the address space's lock, pin_user_pages_fast() does.
 *
 * Tells apart: a registration that keeps submissions out while it pins (submission_waits=yes) from
 * one that does not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "absent.h"
#include "call.h"
#include "child.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "slots.h"
#include "tags.h"
#include "trial.h"

/* A registration or an update of two buffers, of which the second one is missing. */
struct change {
	struct ring *ring;
	struct region first;
	struct region second;
	struct absent absent; /* the second one's pages */
	uint64_t tags[2];
};

static void change_prepare(struct change *change, struct ring *ring)
{
	change->ring = ring;
	region_map(&change->first, BUFFER_PAGES, "a buffer that is there");
	region_map(&change->second, BUFFER_PAGES, "a buffer that comes later");
	absent_begin(&change->absent, change->second.base, change->second.length);
	for (unsigned i = 0; i < 2; i++)
		change->tags[i] = ring_announce_optional(ring, "a tag of a change that waits");
}

static void change_iovecs(const struct change *change, struct iovec *buffers)
{
	buffers[0] = region_iovec(&change->first);
	buffers[1] = region_iovec(&change->second);
}

static long change_register(void *argument)
{
	struct change *change = argument;
	struct iovec buffers[2];

	change_iovecs(change, buffers);
	return register_buffers(change->ring, buffers, 2, change->tags);
}

static long change_update(void *argument)
{
	struct change *change = argument;
	struct iovec buffers[2];

	change_iovecs(change, buffers);
	return update_buffers(change->ring, 0, buffers, 2, change->tags);
}

/* Starts it, and comes back when it waits for its missing page. */
static void change_start(struct change *change, struct call *call, const char *what,
			 long (*function)(void *argument))
{
	call_init(call, what, function, change);
	call_start(call);
	while (!absent_is_touched(&change->absent, 10))
		if (call_returned(call)) {
			long res = call_end(call);

			/* An update has replaced the first slot by then. */
			if (res == -EFAULT || res == 1)
				skip_now("the kernel's registrations do not wait for missing pages (as up to 6.1)");
			if (res == -EINVAL)
				skip_now("the kernel has no buffer tags (before 5.13)");
			fail_now("a registration to wait for a missing page",
				 text("result %s", result_text(res)));
		}
}

static long submit_nop(void *argument)
{
	struct ring *ring = argument;
	struct io_uring_sqe *sqe = ring_sqe(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = ring_announce(ring, "a NOP while a registration waits");
	ring_submit(ring, 1);
	return ring_await(ring, sqe->user_data).res;
}

static void register_waits(struct run *run)
{
	struct agreed submission_waits = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest();
		struct call registration, submission;
		struct change change;
		struct ring ring;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		change_prepare(&change, &ring);
		change_start(&change, &registration, "register", change_register);
		call_init(&submission, "a submission while a registration waits", submit_nop, &ring);
		call_start(&submission);
		agreed_add(&submission_waits, call_returns_or_waits(&submission) ? "no" : "yes");
		absent_end(&change.absent);
		if (call_end(&registration) != 0)
			fail_now("a registration to succeed when its pages have come",
				 text("result %s", result_text(registration.result)));
		if (call_end(&submission) != 0)
			fail("a NOP to succeed", text("result %s", result_text(submission.result)));
		slot_expect(&ring, 0, &change.first, &run->rng);
		slot_expect(&ring, 1, &change.second, &run->rng);
		unregister_or_fail(&ring);
		pins_check(pins, "after unregister");
		finish_ring(&ring, &run->rng);
		region_unmap(&change.first);
		region_unmap(&change.second);
	}
	observe_agreed("submission_waits", &submission_waits);
}

static void register_loses_memory(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest();
		struct call registration;
		struct change change;
		struct ring ring;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		change_prepare(&change, &ring);
		change_start(&change, &registration, "register", change_register);
		region_unmap(&change.second);
		/* Only now is the one who waits woken, and looks again. */
		absent_give_up(&change.absent);
		if (call_end(&registration) != -EFAULT)
			fail("a registration to fail with EFAULT when its memory has gone",
			     text("result %s", result_text(registration.result)));
		pins_check(pins, "after a registration that failed");
		for (unsigned i = 0; i < 2; i++)
			tag_expect_none(&ring, change.tags[i], "a buffer that was never registered");
		finish_ring(&ring, &run->rng);
		region_unmap(&change.first);
	}
}

static _Noreturn void register_until_killed(const struct child *self)
{
	struct change change;
	struct call registration;
	struct ring ring;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	change_prepare(&change, &ring);
	change_start(&change, &registration, "register", change_register);
	child_say(self);
	call_end(&registration);
	_exit(1);
}

static void killed(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		long pins = pins_at_rest();
		struct child child;

		if (child_start(&child) == CHILD_SELF)
			register_until_killed(&child);
		child_await_word(&child);
		kill(child.pid, SIGKILL);
		child_expect_end(&child, SIGKILL);
		task_gone(pins);
	}
	rings_gone();
}

struct relief {
	struct trial *trial;
	struct absent *absent;
};

/*
 * By a thread that has submitted nothing: the one that has may have to complete its requests first,
 * for which it waits until the update lets go of the ring.
 */
static long relieve(void *argument)
{
	struct relief *relief = argument;

	for (unsigned i = 0; i < relief->trial->plan.flights; i++)
		flight_release(&relief->trial->flights[i]);
	settle();
	absent_end(relief->absent);
	return 0;
}

/* Two slots, the first of which a request in flight uses, are replaced; the second one's memory is missing. */
static void update_waits(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct trial_plan plan = {
			.direction = FLIGHT_READ, .stage = STAGE_ARMED, .flights = 2, .tagged = true
		};
		struct findings findings = { 0 };
		struct change change;
		struct trial trial;
		struct relief relief = { &trial, &change.absent };
		struct call update, relieving;

		trial_open(&trial, plan, &run->rng);
		change_prepare(&change, &trial.ring);
		change_start(&change, &update, "update", change_update);
		call_init(&relieving, "what requests and update wait for", relieve, &relief);
		call_start(&relieving);
		if (call_end(&update) != 2)
			fail_now("an update to replace both slots when its pages have come",
				 text("result %s", result_text(update.result)));
		call_end(&relieving);
		trial.tags_are_due = true;
		trial_land(&trial, &findings);
		if (trial.used_old != 3)
			fail("requests in flight to keep their buffers", "one did not use the old memory");
		slot_expect(&trial.ring, 0, &change.first, &run->rng);
		slot_expect(&trial.ring, 1, &change.second, &run->rng);
		trial_close(&trial);
		region_unmap(&change.first);
		region_unmap(&change.second);
	}
}

static const struct point points[] = {
	{ "register-waits", "a registration waits for a page; another thread submits", 2, register_waits },
	{ "register-loses-memory", "the memory goes away while a registration waits for it", 2,
	  register_loses_memory },
	{ "killed", "the process is killed while its registration waits for a page", 2, killed },
	{ "update-waits", "an update of a slot in use waits for a page of the next one", 2, update_waits },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "registration-faults",
		.summary = "registrations and updates that wait for a page of the application",
		.details =
			"Invariants: what waited works when the page comes, and leaves nothing behind when it\n"
			"does not; a process can be killed meanwhile; requests in flight keep their buffers.\n"
			"Tells apart: a registration that keeps submissions out from one that does not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
