#include "vector.h"

#include <stdlib.h>
#include <string.h>

#include "point.h"

void vector_or_skip(void)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	bool there = probe && io_uring_opcode_supported(probe, OP_READV_FIXED);

	if (probe)
		io_uring_free_probe(probe);
	if (!there)
		skip_now("the kernel has no READV_FIXED (before 6.15)");
}

/* Splits the region at random places and takes a piece out of each part; then mixes their order. */
static void choose_pieces(struct vector *vector, const struct region *region, struct rng *rng)
{
	unsigned order[MOST_PIECES];
	unsigned char *at[MOST_PIECES];
	size_t part, lengths[MOST_PIECES];

	vector->count = 1 + (unsigned)rng_below(rng, MOST_PIECES);
	part = region->length / vector->count;
	rng_shuffle(rng, order, vector->count);
	for (unsigned i = 0; i < vector->count; i++) {
		size_t most = MOST_VECTOR_BYTES / vector->count;
		size_t offset;

		lengths[i] = 8 + rng_below(rng, most - 8 + 1);
		offset = rng_below(rng, part - lengths[i] + 1);
		if (rng_chance(rng, 3))
			offset = i == 0 ? 0 : part - lengths[i];
		at[i] = region->base + i * part + offset;
		/* The last part may end before the region does. */
		if (i == vector->count - 1 && offset == part - lengths[i])
			at[i] = region->base + region->length - lengths[i];
	}
	for (unsigned i = 0; i < vector->count; i++) {
		vector->pieces[i] = (struct iovec){ at[order[i]], lengths[order[i]] };
		vector->length += lengths[order[i]];
	}
}

void vector_open(struct vector *vector, struct ring *ring, const struct region *region, enum direction direction,
		 enum readiness readiness, struct rng *rng)
{
	*vector = (struct vector){ .ring = ring, .direction = direction };
	choose_pieces(vector, region, rng);
	vector->payload = pattern_new("the payload of a vectored read");
	if (readiness == FLIGHT_READY) {
		hold_open_through(&vector->from);
		if (direction == FLIGHT_READ)
			hold_feed(&vector->from, vector->payload, vector->length);
	} else if (direction == FLIGHT_READ) {
		hold_open_empty(&vector->from);
	} else {
		hold_open_full(&vector->from);
	}
}

void vector_prepare(struct vector *vector, struct iovec *array, unsigned slot, unsigned flags)
{
	struct io_uring_sqe *sqe = ring_sqe(vector->ring);
	bool reads = vector->direction == FLIGHT_READ;

	memcpy(array, vector->pieces, sizeof(vector->pieces));
	io_uring_prep_rw(reads ? OP_READV_FIXED : OP_WRITEV_FIXED, sqe,
			 reads ? vector->from.read_fd : vector->from.write_fd, array, vector->count, (uint64_t)-1);
	sqe->buf_index = (uint16_t)slot;
	sqe->flags = (uint8_t)flags;
	vector->id = ring_announce(vector->ring, reads ? "READV_FIXED" : "WRITEV_FIXED");
	sqe->user_data = vector->id;
}

void vector_release(struct vector *vector)
{
	if (vector->direction == FLIGHT_READ)
		hold_feed(&vector->from, vector->payload, vector->length);
	else
		hold_drain(&vector->from);
}

enum region_state vector_state(const struct vector *vector, const struct region *region,
			       const struct region *named)
{
	unsigned char *expected = malloc(region->length);
	enum region_state state = REGION_UNTOUCHED;
	size_t done = 0;

	if (!expected)
		error_now("out of memory");
	pattern_write(expected, region->pattern, 0, region->length);
	if (memcmp(expected, region->base, region->length) != 0) {
		for (unsigned i = 0; i < vector->count; i++) {
			size_t at = (size_t)((unsigned char *)vector->pieces[i].iov_base - named->base);

			pattern_write(expected + at, vector->payload, done, vector->pieces[i].iov_len);
			done += vector->pieces[i].iov_len;
		}
		state = memcmp(expected, region->base, region->length) ? REGION_DAMAGED : REGION_WRITTEN;
	}
	free(expected);
	return state;
}

bool vector_sent(struct vector *vector, const struct region *region, const struct region *named, size_t *taken)
{
	unsigned char bytes[2 * MOST_VECTOR_BYTES];
	size_t done = 0;

	*taken = hold_take(&vector->from, bytes, sizeof(bytes));
	for (unsigned i = 0; i < vector->count && *taken == vector->length; i++) {
		size_t at = (size_t)((unsigned char *)vector->pieces[i].iov_base - named->base);

		if (pattern_mismatch(bytes + done, region->pattern, at, vector->pieces[i].iov_len) >= 0)
			return false;
		done += vector->pieces[i].iov_len;
	}
	return *taken == vector->length;
}

void vector_close(struct vector *vector)
{
	hold_close(&vector->from);
}
