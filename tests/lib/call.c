#define _GNU_SOURCE
#include "call.h"

#include <unistd.h>

#include "clock.h"
#include "point.h"
#include "settle.h"
#include "tasks.h"
#include "watch.h"

/* How often the world must have settled while the call slept before we say that it waits. */
#define SETTLED_PASSES 2

void call_init(struct call *call, const char *what, long (*function)(void *argument), void *argument)
{
	*call = (struct call){ .what = what, .function = function, .argument = argument };
}

void call_here(struct call *call)
{
	int watch = watch_begin(call->what, WAIT_MS + 1000);

	call->started_ns = clock_ns();
	atomic_store(&call->tid, gettid());
	call->result = call->function(call->argument);
	call->took_ms = ms_since(call->started_ns);
	atomic_store(&call->returned_at, event_stamp());
	watch_end(watch);
}

static void *call_thread(void *call)
{
	call_here(call);
	return NULL;
}

void call_start(struct call *call)
{
	call->own_thread = true;
	if (pthread_create(&call->thread, NULL, call_thread, call))
		error_now("cannot start a thread for: %s", call->what);
}

bool call_returned(const struct call *call)
{
	return atomic_load(&call->returned_at) != 0;
}

static bool asleep(const struct task_sleep *sleep)
{
	return sleep->state == 'S' || sleep->state == 'D';
}

bool call_returns_or_waits(struct call *call)
{
	struct deadline deadline = deadline_in_ms(WAIT_MS);
	struct task_sleep before = { 0 };
	unsigned passes = 0;

	/*
	 * The thread counts as waiting when it was asleep, did not run once (its context switches did
	 * not change), and all that an unhindered call needs, grace periods and work items, has
	 * happened meanwhile. Each time it did run, the count starts again.
	 */
	while (!call_returned(call)) {
		pid_t tid = atomic_load(&call->tid);
		struct task_sleep now = { 0 };

		if (tid)
			now = task_sleep(tid);
		if (asleep(&now) && asleep(&before) && now.switches == before.switches)
			passes++;
		else
			passes = 0;
		if (passes >= SETTLED_PASSES)
			return call_returned(call);
		if (deadline_passed(deadline))
			fail_now(text("%s to return or to wait", call->what),
				 text("it does neither: state %c, %lu context switches",
				      now.state ?: '?', now.switches));
		before = now;
		if (asleep(&now))
			settle();
		else
			sleep_ms(1);
	}
	return true;
}

long call_end(struct call *call)
{
	struct deadline deadline = deadline_in_ms(WAIT_MS + 2000);

	/* The call is watched in its own thread; this deadline is only the second line of defence. */
	while (!call_returned(call)) {
		if (deadline_passed(deadline))
			fail_now(text("%s to return", call->what), "it has not returned");
		sleep_ms(1);
	}
	if (call->own_thread)
		pthread_join(call->thread, NULL);
	return call->result;
}
