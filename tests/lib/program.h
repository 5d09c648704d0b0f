/*
 * A test program: a table of points and the command line that all programs share.
 *
 *   PROGRAM [--seed N] [--rounds N] [--point NAME]   runs, prints KTAP version 1
 *   PROGRAM --list                                   one point's name a line
 *   PROGRAM --help                                   what the program checks
 *
 * Exit status: 0 every point is ok or skipped, 1 a point failed, 2 the test itself is broken (or
 * was called wrongly). KTAP: https://docs.kernel.org/dev-tools/ktap.html
 */
#ifndef RINGTRIAL_PROGRAM_H
#define RINGTRIAL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "point.h"

struct point {
	const char *name; /* [a-z0-9-]+, never changed once published: it identifies results */
	const char *what; /* one line for --help */
	unsigned rounds;  /* unless --rounds says otherwise */
	void (*run)(struct run *run);
};

struct program {
	const char *name;
	const char *summary; /* the same sentence as in the suite's suite.json */
	const char *details; /* invariants, kernels, designs told apart */
	const struct point *points;
	size_t count;
	bool counts_seconds; /* its points run for so many seconds, not rounds: --seconds N */
};

int program_main(const struct program *program, int argc, char **argv);

#define POINTS(table) .points = (table), .count = sizeof(table) / sizeof((table)[0])

#endif
