/*
 * WRITE_FIXED in flight, held back by a full pipe, while its buffer is unregistered: the same
 * four steps as thread-steps, with the data flowing out of the registered memory.
 *
 * Invariants, in every design:
 *   - the request completes exactly once: with all its bytes, or with EFAULT and none;
 *   - the bytes that arrive are those of the registered range, in one state of it: what stood
 *     there before unregister returned, or what the application wrote after, never a mix;
 *   - a write changes no memory; memory that it still reads stays pinned;
 *   - unregister returns in bounded time, and the ring stays usable.
 *
 * Kernels: 5.11 and later; queued-write 5.15.
 *
 * Tells apart: selection at submission from look-up at issue (queued-write); and whether the
 * application may write to the memory as soon as unregister has returned (rewritten:
 * data=before-unregister) or only after the completion (data=after-unregister).
 */
#include <errno.h>

#include "at-once.h"
#include "program.h"
#include "trial.h"

static void unregister_in_flight(struct run *run, enum stage stage)
{
	const struct trial_plan plan = { .direction = FLIGHT_WRITE, .stage = stage, .flights = 4 };

	experiment_unregister(run, plan, NULL);
}

static void issued_write(struct run *run)
{
	unregister_in_flight(run, STAGE_ISSUED);
}

static void armed_write(struct run *run)
{
	unregister_in_flight(run, STAGE_ARMED);
}

static void queued_write(struct run *run)
{
	unregister_in_flight(run, STAGE_QUEUED);
}

static void at_once(struct run *run)
{
	at_once_run(run, (struct at_once){ .direction = FLIGHT_WRITE, .threads = 4 });
}

static struct pattern rewritten_as[MOST_FLIGHTS];

static long unregister_and_rewrite(void *argument)
{
	struct trial *trial = argument;
	long res = trial_unregister(trial);

	for (unsigned i = 0; i < trial->plan.flights; i++) {
		rewritten_as[i] = pattern_new("bytes written after unregister");
		pattern_write(trial->old[i].base, rewritten_as[i], 0, trial->old[i].length);
	}
	return res;
}

/* When were the bytes read that came through the pipe? */
static const char *age_of_data(struct trial *trial, unsigned i)
{
	struct flight *flight = &trial->flights[i];
	unsigned char bytes[8192];
	int res = ring_await(&trial->ring, flight->id).res;
	size_t count = hold_take(&flight->pipe, bytes, sizeof(bytes));

	if (res == -EFAULT && count == 0)
		return "none";
	if (res != (int)flight->length || count != flight->length) {
		fail(text("%zu bytes, or EFAULT and none", flight->length),
		     text("result %s, %zu bytes in the pipe", result_text(res), count));
		return "wrong";
	}
	trial->used_old |= 1u << i;
	if (pattern_mismatch(bytes, trial->old[i].pattern, flight->offset, count) < 0)
		return "before-unregister";
	if (pattern_mismatch(bytes, rewritten_as[i], flight->offset, count) < 0)
		return "after-unregister";
	fail("the bytes of the registered range, from before or from after unregister, not both",
	     pattern_describe(bytes, count));
	return "wrong";
}

static void rewritten(struct run *run)
{
	const struct trial_plan plan = { .direction = FLIGHT_WRITE, .stage = STAGE_ISSUED, .flights = 4 };
	struct agreed data = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;

		trial_open(&trial, plan, &run->rng);
		trial_act(&trial, "unregister", unregister_and_rewrite, ACT_OTHER_THREAD);
		for (unsigned i = 0; i < plan.flights; i++)
			agreed_add(&data, age_of_data(&trial, i));
		trial_close(&trial);
	}
	observe_agreed("data", &data);
}

static const struct point points[] = {
	{ "issued-write", "four writes wait for full pipes; another thread unregisters", 2, issued_write },
	{ "armed-write", "writes submitted without IOSQE_ASYNC wait for full pipes", 1, armed_write },
	{ "queued-write", "writes submitted but not issued, behind a busy worker", 2, queued_write },
	{ "rewritten", "the memory is rewritten as soon as unregister returns", 2, rewritten },
	{ "at-once", "submit with IOSQE_ASYNC and unregister at once, from four threads", 100, at_once },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "full-pipe-write",
		.summary = "WRITE_FIXED in flight while its buffer is unregistered",
		.details =
			"Invariants: a request completes once, with all its bytes or with EFAULT and none;\n"
			"what arrives is the registered range in one state, never a mix; a write changes no\n"
			"memory, and what it still reads stays pinned; unregister returns in bounded time.\n"
			"Tells apart: buffer selected at submission, looked up at issue; memory that may be\n"
			"rewritten after unregister, and memory that may be rewritten after the completion.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
