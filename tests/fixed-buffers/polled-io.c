/*
 * Fixed I/O on a ring that polls for completions (IORING_SETUP_IOPOLL), on a null_blk device with
 * a queue for polling: nothing ends unless somebody asks for it.
 *
 * Invariants, in every design:
 *   - each request completes exactly once, with all its bytes or with EFAULT and none, and moves
 *     exactly the bytes that it names;
 *   - a replaced buffer's tag comes once, after the requests that use the buffer;
 *   - a ring that is closed right after an update, with the old buffer's tag still to come and
 *     requests that nobody has polled for, lets go of all its pages;
 *   - unregister works once somebody polls.
 *
 * Kernels: 5.17 and later (null_blk with poll queues), as root.
 *
 * Tells apart: unregister that waits for its users (unregister_waited=yes) from users that keep
 * alive what they use. Catches a ring's end that waits for buffers while it holds the lock that
 * posting their tags needs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "call.h"
#include "kworkers.h"
#include "null-blk.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "trial.h"

#define REQUESTS 8
#define SECTOR 512u
#define GONE_MS 5000u

struct polled {
	struct ring ring;
	struct null_blk device;
	struct region region;
	struct rng *rng;
	uint64_t tag;
	uint64_t ids[REQUESTS];
	struct span spans[REQUESTS];
	long pins;
};

static void polled_open(struct polled *polled, struct rng *rng)
{
	polled->rng = rng;
	ring_open(&polled->ring, (struct ring_options){ .entries = 16, .flags = IORING_SETUP_IOPOLL });
	null_blk_open(&polled->device, (struct null_blk_options){
					       .open_flags = O_DIRECT,
					       .polled = true,
					       .what = "a polled disk's bytes",
				       });
	region_map(&polled->region, REQUESTS, "memory of polled requests");
}

static void polled_register(struct polled *polled)
{
	struct iovec buffer = region_iovec(&polled->region);

	polled->pins = pins_at_rest();
	polled->tag = ring_announce_optional(&polled->ring, "the tag of a polled ring's buffer");
	register_or_leave(&polled->ring, &buffer, 1, &polled->tag);
}

/* Each into a page of its own. */
static void submit_reads(struct polled *polled)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct io_uring_sqe *sqe = ring_sqe(&polled->ring);
		struct span *span = &polled->spans[i];

		*span = (struct span){
			.at = polled->region.base + i * page_size(),
			.length = SECTOR * (1 + rng_below(polled->rng, page_size() / SECTOR)),
			.position = SECTOR * rng_below(polled->rng, 256),
		};
		io_uring_prep_read_fixed(sqe, polled->device.file.io_fd, span->at, (unsigned)span->length,
					 span->position, 0);
		polled->ids[i] = ring_announce(&polled->ring, "a polled READ_FIXED");
		sqe->user_data = polled->ids[i];
	}
	ring_submit(&polled->ring, REQUESTS);
}

static const char *check_read(struct polled *polled, unsigned i)
{
	struct span *span = &polled->spans[i];
	int res = ring_await(&polled->ring, polled->ids[i]).res;
	size_t moved = res > 0 ? (size_t)res : 0;
	size_t from = (size_t)(span->at - polled->region.base);

	if (res == -EOPNOTSUPP)
		skip_now("the device cannot be polled");
	if (res != (int)span->length && res != -EFAULT)
		fail("a polled read to move all its bytes or to fail with EFAULT",
		     text("result %s", result_text(res)));
	if (pattern_mismatch(span->at, polled->device.file.pattern, span->position, moved) >= 0 ||
	    pattern_mismatch(span->at + moved, polled->region.pattern, from + moved, page_size() - moved) >= 0)
		fail("a polled read to bring its bytes and to leave the others alone",
		     pattern_describe(span->at, span->length));
	return res == (int)span->length ? "full" : text("%d", res);
}

static void polled_close(struct polled *polled)
{
	ring_check(&polled->ring);
	ring_close(&polled->ring);
	pins_check(polled->pins, "after the ring's end");
	if (!kworkers_leave_rings(GONE_MS))
		fail("the ring's end to come to an end", "a kworker is still at it");
	null_blk_close(&polled->device);
	region_unmap(&polled->region);
}

static void read_write(struct run *run)
{
	struct polled polled;

	polled_open(&polled, &run->rng);
	polled_register(&polled);
	submit_reads(&polled);
	for (unsigned i = 0; i < REQUESTS; i++)
		check_read(&polled, i);
	region_fill(&polled.region);
	for (unsigned round = 0; round < run->rounds; round++) {
		size_t sectors = 1 + rng_below(&run->rng, REQUESTS * page_size() / SECTOR);
		size_t from = rng_below(&run->rng, REQUESTS * page_size() / SECTOR - sectors + 1);
		const struct span span = {
			.at = polled.region.base + from * SECTOR,
			.length = sectors * SECTOR,
			.position = SECTOR * rng_below(&run->rng, 256),
		};

		fixed_io_works(&polled.ring, &polled.device.file, &polled.region, span);
	}
	unregister_or_fail(&polled.ring);
	polled_close(&polled);
}

/* Another thread unregisters; the submitter looks whether that waits, and then polls. */
static void unregister_unpolled(struct run *run)
{
	struct agreed waited = { 0 }, result = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct polled polled;
		struct call call;

		polled_open(&polled, &run->rng);
		polled_register(&polled);
		submit_reads(&polled);
		call_init(&call, "unregister", unregister_ring, &polled.ring);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		for (unsigned i = 0; i < REQUESTS; i++)
			agreed_add(&result, check_read(&polled, i));
		if (call_end(&call) < 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		polled_close(&polled);
	}
	observe_agreed("unregister_waited", &waited);
	observe_agreed("result", &result);
}

static void update_unpolled(struct polled *polled)
{
	struct iovec nothing = { 0 };
	int res = update_buffers(&polled->ring, 0, &nothing, 1, NULL);

	if (res != 1)
		fail_now("one slot emptied", text("result %s", result_text(res)));
}

static void update(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		uint64_t last = 0;
		struct polled polled;

		polled_open(&polled, &run->rng);
		polled_register(&polled);
		submit_reads(&polled);
		update_unpolled(&polled);
		for (unsigned i = 0; i < REQUESTS; i++) {
			uint64_t order;

			check_read(&polled, i);
			order = ring_look(&polled.ring, polled.ids[i]).order;
			last = order > last ? order : last;
		}
		if (ring_await(&polled.ring, polled.tag).order < last)
			fail("the tag of a buffer after the requests that used it", "the tag came first");
		unregister_or_fail(&polled.ring);
		polled_close(&polled);
	}
}

/* Closed at once: the tag is on its way, and some requests may never have been polled for. */
static void update_and_close(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct polled polled;

		polled_open(&polled, &run->rng);
		polled_register(&polled);
		submit_reads(&polled);
		for (unsigned i = 0; round % 2 == 0 && i < REQUESTS; i++)
			check_read(&polled, i);
		update_unpolled(&polled);
		ring_close(&polled.ring);
		if (polled.pins >= 0 && !pins_fall_to(polled.pins, GONE_MS))
			fail(text("no page of the ring pinned %u ms after it was closed", GONE_MS),
			     text("%ld pages pinned, %ld before", pins_outstanding(), polled.pins));
		if (!kworkers_leave_rings(GONE_MS))
			fail_now("the ring's end to come to an end", "a kworker is still at it");
		null_blk_close(&polled.device);
		region_unmap(&polled.region);
	}
}

static const struct point points[] = {
	{ "read-write", "reads and writes of any sectors, polled for", 12, read_write },
	{ "unregister", "unregister while nobody polls for the requests in flight", 1, unregister_unpolled },
	{ "update", "the slot emptied while nobody polls; when does the tag come?", 1, update },
	{ "update-and-close", "the slot emptied and the ring closed at once", 2, update_and_close },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "polled-io",
		.summary = "fixed requests of a ring that polls, and its buffers' end",
		.details =
			"Invariants: each request completes once, with all its bytes or with EFAULT and\n"
			"none; a tag comes after the requests that use its buffer; a ring closed right\n"
			"after an update lets go of all its pages; unregister works once somebody polls.\n"
			"Tells apart: unregister that waits for its users from one that does not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
