/*
 * Seeded randomness: the same seed gives the same choices on every machine, so that a printed
 * seed brings a failing run's offsets, lengths and orders back. (The kernel's schedule it does not.)
 * The generator is splitmix64.
 */
#ifndef RINGTRIAL_RNG_H
#define RINGTRIAL_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number in 0 .. bound-1; the bias of the remainder does not matter to a test. */
static inline size_t rng_below(struct rng *rng, size_t bound)
{
	return (size_t)(rng_next(rng) % bound);
}

static inline bool rng_chance(struct rng *rng, unsigned one_in)
{
	return rng_below(rng, one_in) == 0;
}

/* Puts 0 .. count-1 into `order`, shuffled. */
static inline void rng_shuffle(struct rng *rng, unsigned *order, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned j = (unsigned)rng_below(rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}

#endif
