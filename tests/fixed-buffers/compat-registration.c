/*
 * A 32-bit program registers and updates buffers: its iovecs are half as long, so each entry must
 * be read from half the offset.
 *
 * Invariants, on every kernel that runs 32-bit programs:
 *   - each of several buffers is found under its own index, with its own ends;
 *   - an update of several slots replaces each by its own entry, and each replaced buffer's tag
 *     is posted once;
 *   - a bad entry among them makes the registration fail and leaves nothing behind.
 *
 * Kernels: 5.11 and later on x86-64; tags and updates 5.13. The calls are made with int $0x80, so
 * that no 32-bit compiler is needed.
 *
 * Tells no designs apart. Catches a walk over the entries with the stride of a 64-bit iovec.
 */
#include <errno.h>

#include "compat.h"
#include "file-io.h"
#include "pins.h"
#include "program.h"
#include "trial.h"

#define BUFFERS 4

struct compat_trial {
	struct ring ring;
	struct file file;
	struct rng *rng;
	struct region regions[2 * BUFFERS]; /* the later ones are for updates */
	struct compat_iovec *iovecs;
	struct io_uring_rsrc_register *with_tags;
	struct io_uring_rsrc_update2 *update;
	uint64_t *tags;
	long pins;
};

static void open_compat(struct compat_trial *trial, struct rng *rng)
{
	compat_needed();
	trial->rng = rng;
	ring_open(&trial->ring, (struct ring_options){ .entries = 8, .compat = true });
	file_open(&trial->file, 16 * page_size(), "a file's bytes");
	trial->iovecs = compat_alloc(2 * BUFFERS * sizeof(*trial->iovecs));
	trial->tags = compat_alloc(2 * BUFFERS * sizeof(*trial->tags));
	trial->with_tags = compat_alloc(sizeof(*trial->with_tags));
	trial->update = compat_alloc(sizeof(*trial->update));
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		/* Of different lengths, so that no buffer's ends are right for another one. */
		compat_region_map(&trial->regions[i], i + 1, "memory of a 32-bit program");
		trial->iovecs[i] = compat_iovec(&trial->regions[i]);
	}
	trial->pins = pins_at_rest();
}

static void close_compat(struct compat_trial *trial)
{
	int res = compat_register(&trial->ring, IORING_UNREGISTER_BUFFERS, NULL, 0);

	if (res < 0)
		fail("to unregister", text("result %s", result_text(res)));
	pins_check(trial->pins, "after unregister");
	/*
	 * Not check_usable(), which registers as a 64-bit program does: this ring would read its iovec
	 * as two.
	 */
	ring_check(&trial->ring);
	ring_close(&trial->ring);
	file_close(&trial->file);
}

/* Slot i holds regions[i + shift], and nothing else. */
static void check_slot(struct compat_trial *trial, unsigned slot, unsigned shift)
{
	const struct region *own = &trial->regions[slot + shift];

	fixed_io_works(&trial->ring, &trial->file, own,
		       (struct span){ own->base, own->length, slot, 1 + rng_below(trial->rng, 5000) });
	fixed_io_refused(&trial->ring, FLIGHT_READ, &trial->file,
			 (struct span){ own->base, own->length + 1, slot, 0 });
	for (unsigned i = 0; i < 2 * BUFFERS; i++)
		if (i != slot + shift)
			fixed_io_refused(&trial->ring, FLIGHT_READ, &trial->file,
					 (struct span){ trial->regions[i].base, 1, slot, 0 });
}

static void register_four(struct compat_trial *trial)
{
	int res = compat_register(&trial->ring, IORING_REGISTER_BUFFERS, trial->iovecs, BUFFERS);

	if (res < 0)
		fail_now("to register the buffers of a 32-bit program", text("result %s", result_text(res)));
	for (unsigned i = 0; i < BUFFERS; i++)
		check_slot(trial, i, 0);
}

static void four_buffers(struct run *run)
{
	struct compat_trial trial;

	open_compat(&trial, &run->rng);
	for (unsigned round = 0; round < run->rounds; round++) {
		if (round && compat_register(&trial.ring, IORING_UNREGISTER_BUFFERS, NULL, 0) < 0)
			fail("to unregister", "an error");
		register_four(&trial);
	}
	close_compat(&trial);
}

static void register_tagged(struct compat_trial *trial)
{
	int res;

	for (unsigned i = 0; i < BUFFERS; i++)
		trial->tags[i] = ring_announce_optional(&trial->ring, "the tag of a 32-bit program's buffer");
	*trial->with_tags = (struct io_uring_rsrc_register){
		.nr = BUFFERS,
		.data = (uintptr_t)trial->iovecs,
		.tags = (uintptr_t)trial->tags,
	};
	res = compat_register(&trial->ring, IORING_REGISTER_BUFFERS2, trial->with_tags,
			      sizeof(*trial->with_tags));
	if (res == -EINVAL)
		skip_now("the kernel has no tagged buffers (before 5.13)");
	if (res < 0)
		fail_now("to register tagged buffers", text("result %s", result_text(res)));
}

/* All slots but the first and the last are replaced, by entries that begin past the first four. */
static void update(struct run *run)
{
	struct compat_trial trial;
	int res;

	open_compat(&trial, &run->rng);
	register_tagged(&trial);
	*trial.update = (struct io_uring_rsrc_update2){
		.offset = 1,
		.data = (uintptr_t)&trial.iovecs[BUFFERS + 1],
		.nr = BUFFERS - 2,
	};
	res = compat_register(&trial.ring, IORING_REGISTER_BUFFERS_UPDATE, trial.update, sizeof(*trial.update));
	if (res != BUFFERS - 2)
		fail_now(text("%d slots updated", BUFFERS - 2), text("result %s", result_text(res)));
	for (unsigned i = 0; i < BUFFERS; i++)
		check_slot(&trial, i, i == 0 || i == BUFFERS - 1 ? 0 : BUFFERS);
	for (unsigned i = 1; i < BUFFERS - 1; i++)
		ring_await(&trial.ring, trial.tags[i]);
	close_compat(&trial);
}

/* The third entry lies in a guard page; then all are good. */
static void bad_entry(struct run *run)
{
	struct compat_trial trial;
	int res;

	open_compat(&trial, &run->rng);
	trial.iovecs[2].base += (uint32_t)trial.regions[2].length;
	res = compat_register(&trial.ring, IORING_REGISTER_BUFFERS, trial.iovecs, BUFFERS);
	if (res != -EFAULT)
		fail("EFAULT for an entry without memory", text("result %s", result_text(res)));
	pins_check(trial.pins, "after a registration that failed");
	trial.iovecs[2] = compat_iovec(&trial.regions[2]);
	register_four(&trial);
	close_compat(&trial);
}

static const struct point points[] = {
	{ "four-buffers", "four buffers, each found under its index", 2, four_buffers },
	{ "update", "two slots of four updated, with tags", 1, update },
	{ "bad-entry", "the third entry of four is bad", 1, bad_entry },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "compat-registration",
		.summary = "buffers that a 32-bit program registers and updates",
		.details =
			"Invariants: each buffer is found under its own index, with its own ends; an update\n"
			"takes each slot's own entry; a bad entry leaves nothing behind.\n"
			"Tells no designs apart; catches entries read with a 64-bit iovec's stride.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
