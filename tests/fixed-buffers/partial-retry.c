/*
 * Reads that the kernel does in two steps: what is in the page cache moves at once, the rest when
 * the device has brought it. Between the steps the slot is updated, or the buffers unregistered.
 *
 * Invariants, in every design:
 *   - all bytes of one request go to one memory, and it is the one that was registered when its
 *     first byte moved;
 *   - each request completes exactly once, and says how much it moved;
 *   - memory stays pinned until the last step; nothing stays pinned afterwards.
 *
 * Kernels: 5.13 and later, as root, with null_blk.
 *
 * Tells no designs apart: whoever selects the buffer must do it once. Catches a retry that looks
 * its buffer up again: one request, two memories.
 */
#include "call.h"
#include "null-blk.h"
#include "partial.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

/* Enough for the update to come before the device's answer, also where instructions are emulated. */
#define DELAY_MS 150u
#define PAGES 8u
#define CACHED 3u

/* Where the file's bytes are now. */
static const char *memory_of_read(const struct partial *partial, const struct file *file, struct span span)
{
	size_t from = (size_t)(span.at - partial->fresh.base);
	struct region old = partial->old, fresh = partial->fresh;
	bool in_old = pattern_mismatch(old.base + from, file->pattern, span.position, span.length) < 0;
	bool in_fresh = pattern_mismatch(fresh.base + from, file->pattern, span.position, span.length) < 0;

	if (in_old && pattern_mismatch(fresh.base, fresh.pattern, 0, fresh.length) < 0)
		return "old";
	if (in_fresh && pattern_mismatch(old.base, old.pattern, 0, old.length) < 0)
		return "new";
	fail("all bytes of a read in one memory", text("old: %s", region_describe(&old)));
	note("    new: %s", region_describe(&fresh));
	return "both";
}

struct cached_half {
	struct agreed result;
	struct agreed memory;
	unsigned in_the_middle; /* rounds in which the action came between the steps */
};

/* A read of a device whose first pages are in the page cache, and whose other pages take their time. */
static void submit_cached_half(struct partial *partial, const struct file *file, struct span *span,
			       struct rng *rng)
{
	struct io_uring_sqe *sqe;

	span->length = 6 * page_size() - rng_below(rng, page_size());
	span->position = page_size() * rng_below(rng, 32);
	span->at = partial->fresh.base + rng_below(rng, 2 * page_size());
	file_cache_only(file, span->position, span->position + CACHED * page_size());
	sqe = ring_sqe(&partial->ring);
	io_uring_prep_read_fixed(sqe, file->io_fd, span->at, (unsigned)span->length, span->position, 0);
	partial->id = ring_announce(&partial->ring, "a READ_FIXED in two steps");
	sqe->user_data = partial->id;
	ring_submit(&partial->ring, 1);
}

static void cached_half_once(struct cached_half *found, struct rng *rng, const char *what,
			     long (*action)(void *partial))
{
	long pins = pins_at_rest();
	struct span span = { 0 };
	struct partial partial;
	struct null_blk device;
	struct call call;
	int res;

	null_blk_open(&device, (struct null_blk_options){ .delay_ms = DELAY_MS,
							  .what = "a slow disk's bytes" });
	partial_open(&partial, PAGES);
	submit_cached_half(&partial, &device.file, &span, rng);
	found->in_the_middle += io_uring_cq_ready(&partial.ring.uring) == 0;
	call_init(&call, what, action, &partial);
	call_start(&call);
	res = ring_await(&partial.ring, partial.id).res;
	if (call_end(&call) < 0)
		fail(text("%s to succeed", what), text("result %s", result_text(call.result)));
	agreed_add(&found->result, res == (int)span.length ? "full" : text("%d", res));
	agreed_add(&found->memory, memory_of_read(&partial, &device.file, span));
	partial_close(&partial, rng, action == partial_update);
	pins_check(pins, "after the ring's end");
	null_blk_close(&device);
}

static void cached_half(struct run *run, const char *what, long (*action)(void *partial))
{
	struct cached_half found = { 0 };

	for (unsigned round = 0; round < run->rounds; round++)
		cached_half_once(&found, &run->rng, what, action);
	observe_agreed("result", &found.result);
	observe_agreed("memory", &found.memory);
	observe_measure("in_the_middle", found.in_the_middle, "rounds");
}

static void cached_half_update(struct run *run)
{
	cached_half(run, "update", partial_update);
}

static void cached_half_unregister(struct run *run)
{
	cached_half(run, "unregister", partial_unregister);
}

static const struct point points[] = {
	{ "cached-half-update", "a read of a device, half of it cached; update meanwhile", 2,
	  cached_half_update },
	{ "cached-half-unregister", "the same; unregister meanwhile", 2, cached_half_unregister },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "partial-retry",
		.summary = "reads done in two steps, and their buffer replaced in between",
		.details =
			"Invariants: all bytes of a read go to one memory, that which was registered when the\n"
			"first one moved; memory stays pinned until the last step.\n"
			"Tells no designs apart; catches a retry that looks its buffer up again.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
