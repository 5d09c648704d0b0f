#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "clock.h"
#include "supervise.h"

enum exit_status { EXIT_ALL_OK = 0, EXIT_SOME_FAILED = 1, EXIT_TEST_BROKEN = 2 };

struct options {
	uint64_t seed;
	unsigned rounds;
	const struct point *only;
};

static void print_help(const struct program *program)
{
	printf("%s: %s\n\n%s\nPoints:\n", program->name, program->summary, program->details);
	for (size_t i = 0; i < program->count; i++)
		printf("  %-26s %s\n", program->points[i].name, program->points[i].what);
	printf("\nOptions:\n%s"
	       "  --seed N      the random choices of an earlier run (it printed `# seed N`)\n"
	       "  --rounds N    how often each point repeats, instead of its own number\n"
	       "  --point NAME  this point only\n"
	       "  --list        the points' names\n"
	       "  --help        this text\n\n"
	       "Exit status: 0 all ok or skipped, 1 something failed, 2 the test itself is broken.\n",
	       program->counts_seconds ? "  --seconds N   for how long each point runs (the same as --rounds)\n" : "");
}

static _Noreturn void usage_error(const struct program *program, const char *problem,
				  const char *argument)
{
	fprintf(stderr, "%s: %s%s (see --help)\n", program->name, problem, argument);
	exit(EXIT_TEST_BROKEN);
}

static uint64_t parse_number(const struct program *program, const char *argument, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(argument, &end, 0);
	if (errno || end == argument || *end || *argument == '-' || value > most)
		usage_error(program, "not a number in range: ", argument);
	return value;
}

static const struct point *find_point(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->count; i++)
		if (strcmp(program->points[i].name, name) == 0)
			return &program->points[i];
	usage_error(program, "no such point: ", name);
}

/* Returns the exit status when there is nothing to run (--list, --help), else -1. */
static int parse_options(const struct program *program, int argc, char **argv,
			 struct options *options)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "point", required_argument, NULL, 'p' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options->seed = parse_number(program, optarg, UINT64_MAX);
			break;
		case 'S':
			if (!program->counts_seconds)
				usage_error(program, "its points count rounds, not seconds", "");
			/* fall through */
		case 'r':
			options->rounds = (unsigned)parse_number(program, optarg, 1000000);
			if (!options->rounds)
				usage_error(program, "--rounds must be at least 1", "");
			break;
		case 'p':
			options->only = find_point(program, optarg);
			break;
		case 'l':
			for (size_t i = 0; i < program->count; i++)
				puts(program->points[i].name);
			return EXIT_ALL_OK;
		case 'h':
			print_help(program);
			return EXIT_ALL_OK;
		default:
			return EXIT_TEST_BROKEN;
		}
	}
	if (optind < argc)
		usage_error(program, "unexpected argument: ", argv[optind]);
	return -1;
}

/* FNV-1a: a point draws the same numbers whether it runs alone or after the others. */
static uint64_t seed_of_point(uint64_t seed, const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * UINT64_C(0x100000001b3);
	return seed ^ hash;
}

static void print_result(unsigned number, const char *name, const struct point_outcome *outcome)
{
	switch (atomic_load(&outcome->status)) {
	case POINT_OK:
		printf("ok %u %s\n", number, name);
		break;
	case POINT_SKIPPED:
		printf("ok %u %s # SKIP %s\n", number, name, outcome->reason);
		break;
	case POINT_ERROR:
		printf("not ok %u %s # ERROR %s\n", number, name, outcome->reason);
		break;
	default:
		printf("not ok %u %s\n", number, name);
	}
}

static double ms_between(struct timeval from, struct timeval to)
{
	return 1e3 * (double)(to.tv_sec - from.tv_sec) + 1e-3 * (double)(to.tv_usec - from.tv_usec);
}

/* What the point cost, for those who keep the suite's time down. */
static void print_cost(int64_t start, const struct rusage *before, unsigned rounds)
{
	struct rusage after;

	getrusage(RUSAGE_CHILDREN, &after);
	printf("# took %.0f ms (CPU: user %.0f ms, system %.0f ms) for --rounds %u\n", ms_since(start),
	       ms_between(before->ru_utime, after.ru_utime), ms_between(before->ru_stime, after.ru_stime),
	       rounds);
}

static enum exit_status run_points(const struct program *program, const struct options *options)
{
	struct deadline deadline = deadline_in_ms(PROGRAM_MS);
	bool failed = false;
	bool broken = false;
	unsigned number = 0;

	printf("KTAP version 1\n1..%zu\n# seed %llu\n", options->only ? (size_t)1 : program->count,
	       (unsigned long long)options->seed);
	for (size_t i = 0; i < program->count; i++) {
		const struct point *point = &program->points[i];
		struct run run = {
			.rounds = options->rounds ? options->rounds : point->rounds,
			.rng = { .state = seed_of_point(options->seed, point->name) },
		};
		struct point_outcome outcome;
		int64_t start = clock_ns();
		struct rusage before;
		int status;

		if (options->only && options->only != point)
			continue;
		if (program->counts_seconds) {
			run.extra_ms = run.rounds * 1000;
			deadline.at_ns += (int64_t)run.extra_ms * 1000000;
		}
		getrusage(RUSAGE_CHILDREN, &before);
		supervise_point(point, &run, deadline, &outcome);
		print_cost(start, &before, run.rounds);
		print_result(++number, point->name, &outcome);
		status = atomic_load(&outcome.status);
		failed |= status == POINT_FAILED;
		broken |= status == POINT_ERROR;
	}
	return failed ? EXIT_SOME_FAILED : broken ? EXIT_TEST_BROKEN : EXIT_ALL_OK;
}

int program_main(const struct program *program, int argc, char **argv)
{
	struct options options = { 0 };
	int done;

	/* Line by line: whatever happens to this process or its guest, the lines before it are out. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getrandom(&options.seed, sizeof(options.seed), GRND_NONBLOCK) < 0)
		options.seed = (uint64_t)clock_ns();
	/* A seed that is easy to copy from a log. */
	options.seed &= UINT32_MAX;
	done = parse_options(program, argc, argv, &options);
	return done >= 0 ? done : (int)run_points(program, &options);
}
