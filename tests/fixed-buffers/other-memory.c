/*
 * Unregister, and register *other* memory under the same index, while requests that name the
 * index are in flight.
 *
 * Invariants, in every design:
 *   - a request names addresses of the old memory: no byte of it may land in the new memory, and
 *     none may come from there, however late the index is looked up;
 *   - where the new memory lies at the same addresses, a request uses the old pages or the new
 *     ones, never both;
 *   - each request completes exactly once, with all its bytes or with EFAULT and none;
 *   - memory stays pinned for as long as a request uses it; nothing stays pinned afterwards;
 *   - unregister and register succeed in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later; the queued points 5.15.
 *
 * Tells apart: selection at submission (result=full, memory=old) from look-up at issue: EFAULT
 * for other addresses, memory=new for the same ones.
 */
#include "program.h"
#include "racers.h"
#include "register.h"
#include "trial.h"

static void replace_in_flight(struct run *run, enum direction direction, enum stage stage,
			      void (*prepare)(struct trial *trial))
{
	const struct experiment experiment = {
		.plan = { .direction = direction, .stage = stage, .flights = 4 },
		.prepare = prepare,
		.what = "replacement",
		.action = trial_replace,
		.actor = ACT_OTHER_THREAD,
	};
	struct findings findings = { 0 };

	experiment_run(run, &experiment, &findings);
	if (prepare == trial_map_elsewhere)
		findings_forbid_new(&findings);
	findings_observe(&findings, "replacement");
}

static void issued_read(struct run *run)
{
	replace_in_flight(run, FLIGHT_READ, STAGE_ISSUED, trial_map_elsewhere);
}

static void issued_write(struct run *run)
{
	replace_in_flight(run, FLIGHT_WRITE, STAGE_ISSUED, trial_map_elsewhere);
}

static void queued_read(struct run *run)
{
	replace_in_flight(run, FLIGHT_READ, STAGE_QUEUED, trial_map_elsewhere);
}

static void queued_write(struct run *run)
{
	replace_in_flight(run, FLIGHT_WRITE, STAGE_QUEUED, trial_map_elsewhere);
}

static void queued_read_same_address(struct run *run)
{
	replace_in_flight(run, FLIGHT_READ, STAGE_QUEUED, trial_map_same_address);
}

#define REQUESTS 4

/*
 * A racer's memory lasts for all its rounds: mapping costs more than everything else together
 * where the TLBs of other CPUs must be flushed, in an emulated machine above all.
 */
struct playground {
	struct ring ring;
	struct region old[REQUESTS];
	struct region fresh[REQUESTS];
	struct iovec old_buffers[REQUESTS];
	struct iovec fresh_buffers[REQUESTS];
	struct flight flights[REQUESTS];
};

static void must_succeed(const char *what, int res)
{
	if (res < 0)
		fail_now(text("%s to succeed", what), text("result %s", result_text(res)));
}

/* Requests on their way to workers while the slots they name change hands. */
static void race_once(struct racer *racer, struct playground *ground)
{
	struct ring *ring = &ground->ring;

	for (unsigned i = 0; i < REQUESTS; i++) {
		flight_aim(&ground->flights[i], &ground->old[i], i, &racer->rng);
		flight_prepare(&ground->flights[i], IOSQE_ASYNC);
	}
	must_succeed("to register", register_buffers(ring, ground->old_buffers, REQUESTS, NULL));
	ring_submit(ring, REQUESTS);
	must_succeed("to unregister", unregister_buffers(ring));
	must_succeed("to register other memory",
		     register_buffers(ring, ground->fresh_buffers, REQUESTS, NULL));
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct landing landing =
			flight_land(&ground->flights[i], &ground->old[i], &ground->fresh[i], false);

		if (landing.used == USED_NEW)
			fail("a request to keep off memory whose addresses it did not name",
			     "it used the new memory");
		racer->requests++;
		racer->hits += landing.used == USED_NONE;
		region_fill(&ground->old[i]);
	}
	must_succeed("to unregister the other memory", unregister_buffers(ring));
}

static void race_in_thread(struct racer *racer)
{
	struct playground ground;

	ring_open(&ground.ring, (struct ring_options){ .entries = 8 });
	for (unsigned i = 0; i < REQUESTS; i++) {
		region_map(&ground.old[i], BUFFER_PAGES, "the old memory");
		region_map(&ground.fresh[i], BUFFER_PAGES, "the new memory");
		ground.old_buffers[i] = region_iovec(&ground.old[i]);
		ground.fresh_buffers[i] = region_iovec(&ground.fresh[i]);
		flight_open(&ground.flights[i], &ground.ring, i % 2 ? FLIGHT_WRITE : FLIGHT_READ,
			    FLIGHT_READY);
	}
	for (unsigned i = 0; i < racer->rounds; i++)
		race_once(racer, &ground);
	check_usable(&ground.ring, &racer->rng);
	ring_check(&ground.ring);
	ring_close(&ground.ring);
}

static void race(struct run *run)
{
	racers_run(run, &(struct race){ .threads = 3, .body = race_in_thread, .hit = "efault", .by_design = true });
}

static const struct point points[] = {
	{ "issued-read", "reads wait for their pipes; new memory under their indices", 1, issued_read },
	{ "issued-write", "writes wait for full pipes; new memory under their indices", 1, issued_write },
	{ "queued-read", "reads submitted but not issued; new memory at other addresses", 1, queued_read },
	{ "queued-write", "writes submitted but not issued; new memory at other addresses", 1,
	  queued_write },
	{ "queued-read-same-address", "reads not issued; new memory at the same addresses", 1,
	  queued_read_same_address },
	{ "race", "requests on their way to workers while the memory is replaced", 30, race },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "other-memory",
		.summary = "other memory registered under the index of requests in flight",
		.details =
			"Invariants: no byte in or from memory whose addresses a request did not name; at\n"
			"the same addresses old pages or new ones, never both; a request completes once,\n"
			"with all its bytes or with EFAULT and none; pins last exactly as long as needed.\n"
			"Tells apart: buffer selected at submission, looked up at issue.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
