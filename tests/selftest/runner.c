/*
 * Not a test of any kernel: the ways in which a point can end, for the test of the runner itself.
 * Needs no io_uring.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "pattern.h"
#include "program.h"
#include "watch.h"

static void passes(struct run *run)
{
	struct agreed agreed = { 0 };

	agreed_add(&agreed, "same");
	agreed_add(&agreed, "same");
	observe_agreed("agreed", &agreed);
	observe_number("rounds", run->rounds);
	observe_measure("first_number", (double)rng_below(&run->rng, 1000000), "of-a-million");
}

static void disagrees(struct run *run)
{
	struct agreed agreed = { 0 };

	(void)run;
	agreed_add(&agreed, "full");
	agreed_add(&agreed, "-14");
	agreed_add(&agreed, "full");
	observe_agreed("result", &agreed);
}

static void fails(struct run *run)
{
	(void)run;
	fail("this", "that");
	observe("still_there", "yes");
}

static void fails_often(struct run *run)
{
	for (unsigned i = 0; i < run->rounds; i++)
		fail("nothing", text("failure %u", i));
}

static void fails_and_breaks(struct run *run)
{
	(void)run;
	fail("this", "that");
	error_now("the rest could not be done");
}

static void skips(struct run *run)
{
	(void)run;
	skip_now("the kernel lacks it");
}

static void is_broken(struct run *run)
{
	(void)run;
	error_now("no pipe: %d", 23);
}

static void crashes(struct run *run)
{
	(void)run;
	note("before the crash");
	raise(SIGSEGV);
}

static void exits(struct run *run)
{
	(void)run;
	_exit(3);
}

/* A call that does not return; the watchdog has a shorter patience with it than with others. */
static void hangs(struct run *run)
{
	(void)run;
	watch_begin("a call that never returns", 300);
	for (;;)
		pause();
}

/* Only ends when somebody ends it; does nothing unless asked for, to spare the other tests the time. */
static void waits(struct run *run)
{
	note("pid %d", getpid());
	if (run->rounds > 1)
		sleep_ms(10000);
}

static void describes_bytes(struct run *run)
{
	struct pattern mine = pattern_new("mine");
	unsigned char bytes[64];

	(void)run;
	pattern_write(bytes, mine, 5, sizeof(bytes));
	if (pattern_mismatch(bytes, mine, 5, sizeof(bytes)) >= 0)
		fail("a pattern to match itself at any offset", pattern_describe(bytes, sizeof(bytes)));
	bytes[40] ^= 1;
	if (pattern_mismatch(bytes, mine, 5, sizeof(bytes)) != 40)
		fail("the changed byte to be found", "another one");
	note("%s", pattern_describe(bytes + 3, 32));
}

static const struct point points[] = {
	{ "passes", "passes, with observations", 7, passes },
	{ "disagrees", "passes, with an observation on which its rounds disagree", 1, disagrees },
	{ "fails", "fails and goes on", 1, fails },
	{ "fails-often", "fails a hundred times", 100, fails_often },
	{ "fails-and-breaks", "fails, and then cannot go on", 1, fails_and_breaks },
	{ "skips", "skips", 1, skips },
	{ "is-broken", "cannot do its work", 1, is_broken },
	{ "crashes", "dies of a signal", 1, crashes },
	{ "exits", "exits behind the runner's back", 1, exits },
	{ "hangs", "makes a call that never returns", 1, hangs },
	{ "waits", "waits for ten seconds when it is to make two rounds", 1, waits },
	{ "describes-bytes", "patterns tell whose bytes are where", 1, describes_bytes },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "runner",
		.summary = "every way in which a point can end",
		.details = "For the test of the runner.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
