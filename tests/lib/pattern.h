/*
 * Bytes that say whose they are. A pattern is an endless stream of 8-byte words, each of which
 * holds the pattern's number and its own place, so that bytes found in the wrong memory name the
 * request or the buffer they belong to.
 */
#ifndef RINGTRIAL_PATTERN_H
#define RINGTRIAL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern {
	uint32_t number;  /* unique in the process; 0 is no pattern */
	const char *what; /* "the buffer's own bytes", "the payload of a request", ... */
};

/* A new number; `what` must be a literal. */
struct pattern pattern_new(const char *what);

/* Writes the bytes [offset, offset + length) of the stream to `to`. */
void pattern_write(void *to, struct pattern pattern, size_t offset, size_t length);

/* The first place at which `at` differs from the stream's [offset, offset + length), or -1. */
long pattern_mismatch(const void *at, struct pattern pattern, size_t offset, size_t length);

/* For diagnostics: the bytes at `at` and, if they belong to a pattern, to which one. */
const char *pattern_describe(const void *at, size_t length);

#endif
