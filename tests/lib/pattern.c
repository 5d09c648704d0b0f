#include "pattern.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "point.h"

#define WORD 8
#define MOST_PATTERNS 65536
/*
 * Multiplication by an odd number is a bijection on 64-bit words, and so is the fold of the upper
 * half into the lower one: together they spread number and place over all eight bytes, so that
 * hardly a byte of one pattern is the same as another's at the same place, and can be undone.
 */
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)
#define UNSPREAD UINT64_C(0xf1de83e19937733d)

_Static_assert(SPREAD * UNSPREAD == 1, "UNSPREAD is SPREAD's inverse modulo 2^64");

static _Atomic uint32_t last_number;
static const char *names[MOST_PATTERNS];

struct pattern pattern_new(const char *what)
{
	uint32_t number = atomic_fetch_add(&last_number, 1) + 1;

	names[number % MOST_PATTERNS] = what;
	return (struct pattern){ .number = number, .what = what };
}

static uint64_t word_at(struct pattern pattern, size_t index)
{
	uint64_t word = ((uint64_t)pattern.number << 32 | (uint32_t)index) * SPREAD;

	word ^= word >> 32;
	return word * SPREAD;
}

/* The number and the place that a word was made of, if a pattern's word it is. */
static uint64_t undo_word(uint64_t word)
{
	word *= UNSPREAD;
	word ^= word >> 32;
	return word * UNSPREAD;
}

/* Bytes that come before the stream's next whole word, `length` at most. */
static size_t head_length(size_t offset, size_t length)
{
	size_t head = (WORD - offset % WORD) % WORD;

	return head < length ? head : length;
}

/* Part of one word. */
static void write_part(unsigned char *to, struct pattern pattern, size_t offset, size_t length)
{
	uint64_t word = word_at(pattern, offset / WORD);

	memcpy(to, (const char *)&word + offset % WORD, length);
}

void pattern_write(void *to, struct pattern pattern, size_t offset, size_t length)
{
	unsigned char *out = to;
	size_t done = head_length(offset, length);

	write_part(out, pattern, offset, done);
	/* Whole words apart: most of a test's time under emulation goes into these two loops. */
	for (; done + WORD <= length; done += WORD) {
		uint64_t word = word_at(pattern, (offset + done) / WORD);

		memcpy(out + done, &word, WORD);
	}
	write_part(out + done, pattern, offset + done, length - done);
}

/* Compares part of one word; the first difference, or -1. */
static long mismatch_in_part(const unsigned char *at, struct pattern pattern, size_t offset, size_t length)
{
	unsigned char expected[WORD];

	write_part(expected, pattern, offset, length);
	for (size_t i = 0; i < length; i++)
		if (at[i] != expected[i])
			return (long)i;
	return -1;
}

long pattern_mismatch(const void *at, struct pattern pattern, size_t offset, size_t length)
{
	const unsigned char *bytes = at;
	size_t done = head_length(offset, length);
	long wrong = mismatch_in_part(bytes, pattern, offset, done);

	if (wrong >= 0)
		return wrong;
	for (; done + WORD <= length; done += WORD) {
		uint64_t word;

		memcpy(&word, bytes + done, WORD);
		if (word == word_at(pattern, (offset + done) / WORD))
			continue;
		return (long)done + mismatch_in_part(bytes + done, pattern, offset + done, WORD);
	}
	wrong = mismatch_in_part(bytes + done, pattern, offset + done, length - done);
	return wrong < 0 ? -1 : (long)done + wrong;
}

/* Whose bytes these are; looked for at all eight phases, for the stream may start anywhere. */
static const char *owner(const unsigned char *at, size_t length)
{
	uint32_t known = atomic_load(&last_number);

	for (size_t phase = 0; phase < WORD && phase + WORD <= length; phase++) {
		uint64_t word;
		uint32_t number;

		memcpy(&word, at + phase, WORD);
		word = undo_word(word);
		number = (uint32_t)(word >> 32);
		/* No stream of these tests is as long as this; a random word rarely passes. */
		if (number && number <= known && (uint32_t)word < 1u << 20)
			return text("%s #%u at offset %zu", names[number % MOST_PATTERNS], number,
				    (size_t)(uint32_t)word * WORD - phase);
	}
	return "no known pattern";
}

const char *pattern_describe(const void *at, size_t length)
{
	const unsigned char *bytes = at;
	char hex[3 * 16 + 1] = "";

	for (size_t i = 0; i < length && i < 16; i++)
		snprintf(hex + 3 * i, 4, "%02x ", bytes[i]);
	return text("%s(%s)", hex, owner(bytes, length < 24 ? length : 24));
}
