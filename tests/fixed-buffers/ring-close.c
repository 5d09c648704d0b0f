/*
 * The ring goes away, by close, exit or SIGKILL, with fixed requests in flight.
 *
 * Invariants, in every design:
 *   - within five seconds every page that was pinned for the ring is unpinned, whatever its
 *     requests were waiting for, and without anybody letting them go;
 *   - a request that was waiting is cancelled: it moves no byte, neither then nor when its pipe
 *     becomes ready later, and takes nothing out of it;
 *   - a request that was running, or queued with all that it needs, moves all its bytes or none, and
 *     none after its pages were unpinned.
 *
 * Kernels: 5.11 and later; queued-reads 5.15.
 *
 * Tells no designs apart: all of them must clean up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "clock.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "trial.h"
#include "watch.h"

#define GONE_MS 5000u

static void await_unpinned(long before)
{
	if (before < 0)
		sleep_ms(500);
	else if (!pins_fall_to(before, GONE_MS))
		fail_now(text("no page of the ring pinned %u ms after it went away", GONE_MS),
			 text("%ld pages pinned, %ld before", pins_outstanding(), before));
}

/*
 * One that was only queued for a worker had all that it needed: where the worker is cancelled first,
 * it may run before its own turn to be cancelled comes (seen on 7.2, once in ten), but not later than
 * its pages are unpinned.
 */
static bool has_run(const struct trial *trial, unsigned i)
{
	const struct flight *flight = &trial->flights[i];

	return region_state(&trial->old[i], flight->offset, flight->length, flight->payload) != REGION_UNTOUCHED;
}

static void close_in_flight(struct run *run, enum direction direction, enum stage stage)
{
	const struct trial_plan plan = { .direction = direction, .stage = stage, .flights = 4 };
	double longest_ms = 0;

	for (unsigned round = 0; round < run->rounds; round++) {
		bool ran[MOST_FLIGHTS];
		struct trial trial;
		int64_t start;

		trial_open(&trial, plan, &run->rng);
		start = clock_ns();
		ring_close(&trial.ring);
		await_unpinned(trial.pins_before);
		if (ms_since(start) > longest_ms)
			longest_ms = ms_since(start);
		for (unsigned i = 0; i < plan.flights; i++)
			ran[i] = stage == STAGE_QUEUED && has_run(&trial, i);
		trial_let_go(&trial);
		settle();
		for (unsigned i = 0; i < plan.flights; i++)
			if (flight_judge_unreported(&trial.flights[i], &trial.old[i]) != (ran[i] ? USED_OLD : USED_NONE))
				fail("a request of a closed ring to move nothing any more", "it moved its bytes");
	}
	observe_measure("unpinned_after_ms", longest_ms, "ms");
}

static void held_reads(struct run *run)
{
	close_in_flight(run, FLIGHT_READ, STAGE_ISSUED);
}

static void held_writes(struct run *run)
{
	close_in_flight(run, FLIGHT_WRITE, STAGE_ARMED);
}

static void queued_reads(struct run *run)
{
	close_in_flight(run, FLIGHT_READ, STAGE_QUEUED);
}

static void linked_reads(struct run *run)
{
	close_in_flight(run, FLIGHT_READ, STAGE_LINKED);
}

static long unregister_by_number(void *fd)
{
	return syscall(__NR_io_uring_register, *(int *)fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

/*
 * Closed while another thread unregisters. Where that waits, it still has the ring: the requests
 * must come to their ends, and so must the call.
 */
static void in_unregister(struct run *run)
{
	struct agreed waited = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		const struct trial_plan plan = {
			.direction = FLIGHT_READ,
			.stage = round % 2 ? STAGE_QUEUED : STAGE_ARMED,
			.flights = 4,
		};
		struct trial trial;
		struct call call;
		int fd;

		trial_open(&trial, plan, &run->rng);
		fd = trial.ring.uring.ring_fd;
		call_init(&call, "unregister on a ring that is being closed", unregister_by_number, &fd);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		ring_close(&trial.ring);
		trial_let_go(&trial);
		settle();
		/* The closed ring cannot be asked for completions: the call may find that it waits in vain. */
		call_end(&call);
		await_unpinned(trial.pins_before);
		for (unsigned i = 0; i < plan.flights; i++)
			flight_judge_unreported(&trial.flights[i], &trial.old[i]);
	}
	observe_agreed("unregister_waited", &waited);
}

/* Closed at once, with requests that nothing holds back. */
static void running(struct run *run)
{
	const unsigned count = 4;
	struct region regions[4];
	struct iovec buffers[4];
	unsigned moved = 0;
	long pins = pins_at_rest();

	for (unsigned i = 0; i < count; i++) {
		region_map(&regions[i], BUFFER_PAGES, "the memory of a request");
		buffers[i] = region_iovec(&regions[i]);
	}
	for (unsigned round = 0; round < run->rounds; round++) {
		struct flight flights[4];
		struct ring ring;

		ring_open(&ring, (struct ring_options){ .entries = 8 });
		register_or_leave(&ring, buffers, count, NULL);
		for (unsigned i = 0; i < count; i++) {
			flight_open(&flights[i], &ring, i % 2 ? FLIGHT_WRITE : FLIGHT_READ, FLIGHT_READY);
			flight_aim(&flights[i], &regions[i], i, &run->rng);
			flight_prepare(&flights[i], IOSQE_ASYNC);
		}
		ring_submit(&ring, count);
		ring_close(&ring);
		await_unpinned(pins);
		for (unsigned i = 0; i < count; i++) {
			moved += flight_judge_unreported(&flights[i], &regions[i]) == USED_OLD;
			region_fill(&regions[i]);
			flight_close(&flights[i]);
		}
	}
	observe_measure("moved", moved, text("of-%u", count * run->rounds));
}

/* A process that ends, by itself or by SIGKILL, with everything in flight. */
static void end_process(struct run *run, bool killed)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		const struct trial_plan plan = {
			.direction = FLIGHT_READ,
			.stage = round % 2 ? STAGE_QUEUED : STAGE_ISSUED,
			.flights = 4,
		};
		long pins = pins_at_rest();
		pid_t child = fork();
		int status = 0;
		int watch;

		if (child < 0)
			error_now("fork: %s", strerror(errno));
		if (child == 0) {
			struct trial trial;

			trial_open(&trial, plan, &run->rng);
			if (killed)
				raise(SIGKILL);
			_exit(0);
		}
		watch = watch_begin("the end of a process with requests in flight", WAIT_MS);
		waitpid(child, &status, 0);
		watch_end(watch);
		await_unpinned(pins);
	}
}

static void process_exit(struct run *run)
{
	end_process(run, false);
}

static void process_killed(struct run *run)
{
	end_process(run, true);
}

static const struct point points[] = {
	{ "held-reads", "reads wait for their pipes when the ring is closed", 1, held_reads },
	{ "held-writes", "writes wait for full pipes when the ring is closed", 1, held_writes },
	{ "queued-reads", "reads not issued yet, behind a busy worker", 1, queued_reads },
	{ "linked-reads", "reads linked behind plain reads that wait", 1, linked_reads },
	{ "in-unregister", "another thread unregisters when the ring is closed", 2, in_unregister },
	{ "running", "requests on their way to workers when the ring is closed", 15, running },
	{ "process-exit", "the process exits with requests in flight", 2, process_exit },
	{ "process-killed", "the process is killed with requests in flight", 2, process_killed },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "ring-close",
		.summary = "a ring that goes away with fixed requests in flight",
		.details =
			"Invariants: its pages are unpinned within five seconds; a request that waited is\n"
			"cancelled and moves nothing, then or later; one that ran has moved all its bytes\n"
			"or none.\n"
			"Tells no designs apart: all of them must clean up.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
