/*
 * IORING_REGISTER_BUFFERS_UPDATE of slots that requests in flight use.
 *
 * Invariants, in every design:
 *   - a request uses the old memory or the new memory, never a mix of both, and the new one only
 *     at the addresses that it names;
 *   - the tag of a replaced buffer is posted exactly once, and not before the last request that
 *     uses the buffer has completed;
 *   - each request completes exactly once, with all its bytes or with EFAULT and none;
 *   - memory stays pinned for as long as a request uses it; nothing stays pinned afterwards;
 *   - update returns in bounded time, and the ring stays usable.
 *
 * Kernels: 5.13 and later; the queued points 5.15.
 *
 * Tells apart: selection at submission (memory=old) from look-up at issue (memory=new, or EFAULT
 * when the slot is empty or lies elsewhere).
 */
#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

#define REQUESTS 4

static void update_in_flight(struct run *run, enum direction direction, enum stage stage,
			     void (*prepare)(struct trial *trial))
{
	const struct trial_plan plan = { .direction = direction, .stage = stage, .flights = 4, .tagged = true };

	experiment_update(run, plan, prepare);
}

static void issued_read(struct run *run)
{
	update_in_flight(run, FLIGHT_READ, STAGE_ISSUED, trial_map_same_address);
}

static void issued_write(struct run *run)
{
	update_in_flight(run, FLIGHT_WRITE, STAGE_ISSUED, trial_map_same_address);
}

static void queued_read(struct run *run)
{
	update_in_flight(run, FLIGHT_READ, STAGE_QUEUED, trial_map_same_address);
}

static void queued_read_elsewhere(struct run *run)
{
	update_in_flight(run, FLIGHT_READ, STAGE_QUEUED, trial_map_elsewhere);
}

static void linked_read(struct run *run)
{
	update_in_flight(run, FLIGHT_READ, STAGE_LINKED, trial_map_same_address);
}

static void linked_write(struct run *run)
{
	update_in_flight(run, FLIGHT_WRITE, STAGE_LINKED, trial_map_same_address);
}

/* All slots become empty. */
static long update_to_empty(void *argument)
{
	struct trial *trial = argument;
	const struct iovec nothing[MOST_FLIGHTS] = { 0 };
	int res = update_buffers(&trial->ring, 0, nothing, trial->plan.flights, NULL);

	trial->tags_are_due = res == (int)trial->plan.flights;
	if (res >= 0 && !trial->tags_are_due)
		fail(text("all %u slots updated", trial->plan.flights), text("%d updated", res));
	return res;
}

static void queued_read_to_empty(struct run *run)
{
	const struct experiment experiment = {
		.plan = { .direction = FLIGHT_READ, .stage = STAGE_QUEUED, .flights = 4, .tagged = true },
		.what = "update",
		.action = update_to_empty,
		.actor = ACT_OTHER_THREAD,
	};
	struct findings findings = { 0 };

	experiment_run(run, &experiment, &findings);
	findings_observe(&findings, "update");
}

/* Replaces the memory of the one slot; `*tag` becomes the new memory's, to be posted in its turn. */
static void replace(struct ring *ring, const struct region *region, uint64_t *tag)
{
	struct iovec buffer = region_iovec(region);
	int res;

	*tag = ring_announce(ring, "the tag of replaced memory");
	res = update_buffers(ring, 0, &buffer, 1, tag);
	if (res != 1)
		fail_now("one slot updated", text("result %s", result_text(res)));
}

/*
 * An update while requests are on their way to workers, several of them in the one buffer: the
 * first is often issued before the update gets there, the last one hardly ever.
 */
static void race_once(struct racer *racer, struct ring *ring)
{
	struct region whole, moved, old[REQUESTS], fresh[REQUESTS];
	struct flight flights[REQUESTS];
	uint64_t old_tag, fresh_tag;

	/*
	 * The pages at the address change before the submission: registered are those that were there.
	 * So nothing but one system call lies between the submission and the update.
	 */
	region_map(&whole, REQUESTS * BUFFER_PAGES, "the old memory");
	replace(ring, &whole, &old_tag);
	region_swap_pages(&whole, &moved, "the new memory");
	for (unsigned i = 0; i < REQUESTS; i++) {
		old[i] = region_part(&moved, i * BUFFER_PAGES, BUFFER_PAGES, "the old memory");
		fresh[i] = region_part(&whole, i * BUFFER_PAGES, BUFFER_PAGES, "the new memory");
		flight_open(&flights[i], ring, rng_chance(&racer->rng, 2) ? FLIGHT_READ : FLIGHT_WRITE,
			    FLIGHT_READY);
		flight_aim(&flights[i], &fresh[i], 0, &racer->rng);
		flight_prepare(&flights[i], IOSQE_ASYNC);
	}
	ring_submit(ring, REQUESTS);
	replace(ring, &whole, &fresh_tag);

	for (unsigned i = 0; i < REQUESTS; i++) {
		struct landing landing = flight_land(&flights[i], &old[i], &fresh[i], false);
		struct completion tag = ring_look(ring, old_tag);

		if (landing.used == USED_NONE)
			fail("a request whose slot is never empty to find a buffer", "EFAULT");
		/* Later tags come when they come; ring_check() sees that each one does. */
		if (landing.used == USED_OLD && tag.order && tag.order < landing.order)
			fail("the tag of the old memory after the request that used it",
			     "the tag came first");
		racer->requests++;
		racer->hits += landing.used == USED_NEW;
		flight_close(&flights[i]);
	}
	region_unmap(&moved);
	region_unmap(&whole);
}

static void race_in_thread(struct racer *racer)
{
	const struct iovec nothing = { 0 };
	struct ring ring;
	int res;

	ring_open(&ring, (struct ring_options){ .entries = 8 });
	res = register_buffers(&ring, &nothing, 1, NULL);
	if (res < 0)
		skip_now("the kernel registers no empty slots (before 5.13): %s", result_text(res));
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ring);
	/* So that the last tag is due, too; then unregister, which no kernel lets overtake the tags. */
	if (update_buffers(&ring, 0, &nothing, 1, NULL) != 1 || unregister_buffers(&ring) < 0)
		fail("to empty the slot and to unregister at the end", "an error");
	check_usable(&ring, &racer->rng);
	ring_check(&ring);
	ring_close(&ring);
}

static void race(struct run *run)
{
	racers_run(run, &(struct race){ .threads = 1, .body = race_in_thread, .hit = "new_memory", .by_design = true });
}

static const struct point points[] = {
	{ "issued-read", "reads wait for their pipes; update at the same addresses", 1, issued_read },
	{ "issued-write", "writes wait for full pipes; update at the same addresses", 1, issued_write },
	{ "queued-read", "reads submitted but not issued; update at the same addresses", 1, queued_read },
	{ "queued-read-elsewhere", "reads submitted but not issued; update to other addresses", 1,
	  queued_read_elsewhere },
	{ "queued-read-to-empty", "reads submitted but not issued; the slots become empty", 1,
	  queued_read_to_empty },
	{ "linked-read", "reads linked behind others that wait; update at the same addresses", 1,
	  linked_read },
	{ "linked-write", "writes linked behind others that wait; update at the same addresses", 1,
	  linked_write },
	{ "race", "updates while requests are on their way to workers", 40, race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "update-in-flight",
		.summary = "slots updated while requests in flight use them",
		.details =
			"Invariants: a request uses the old memory or the new memory, never a mix; the tag\n"
			"of a replaced buffer comes once, and not before its last user has completed; pins\n"
			"last exactly as long as needed; update returns in bounded time.\n"
			"Tells apart: buffer selected at submission (old), looked up at issue (new).\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
