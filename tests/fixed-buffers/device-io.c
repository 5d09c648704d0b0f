/*
 * Fixed requests that are inside of a block device (O_DIRECT), which holds them back, while their
 * buffers are unregistered or replaced, their ring is closed, or their process ends. The device has
 * the buffer's segments, and will read and write them when it gets there: nobody can cancel that.
 *
 * Invariants, in every design:
 *   - the memory stays pinned for as long as the device has it, also when unregister has returned,
 *     the ring has been closed or the process is gone; nothing stays pinned afterwards;
 *   - each request completes once, with all its bytes from and to the memory that was registered
 *     when it was issued;
 *   - the tag of a replaced buffer comes once, after the request that uses the buffer;
 *   - unregister returns in bounded time once the device goes on; a process can be killed meanwhile.
 *
 * Kernels: 5.13 and later, as root, with loop devices, ext4 and mke2fs.
 *
 * Tells apart: unregister that waits for its users (unregister_waited=yes) from users that keep
 * alive what they use.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "child.h"
#include "pins.h"
#include "program.h"
#include "register.h"
#include "settle.h"
#include "stalled-disk.h"
#include "tags.h"
#include "trial.h"

#define REQUESTS 4
#define DISK_BYTES ((size_t)256 << 10)
/* Each request's part of the disk; the last sector of all is the library's. */
#define PART (DISK_BYTES / 2 / REQUESTS)

struct scene {
	struct stalled_disk disk;
	enum direction direction;
	struct ring ring;
	struct region old[REQUESTS];   /* registered when the requests were issued */
	struct region fresh[REQUESTS]; /* at the addresses that they name, since an update */
	bool replaced;
	struct span spans[REQUESTS];
	uint64_t ids[REQUESTS];
	uint64_t tags[REQUESTS];
	long pins;
};

static void scene_open(struct scene *scene, enum direction direction)
{
	memset(scene, 0, sizeof(*scene));
	scene->direction = direction;
	stalled_disk_open(&scene->disk, DISK_BYTES, "the disk's bytes");
	stalled_disk_stall(&scene->disk);
}

/* Requests of whole sectors, anywhere in their buffers, in the device when this returns. */
static void scene_submit(struct scene *scene, struct rng *rng)
{
	const struct file *file = &scene->disk.inner.file;
	struct iovec buffers[REQUESTS];

	scene->pins = pins_at_rest();
	ring_open(&scene->ring, (struct ring_options){ .entries = 2 * REQUESTS });
	for (unsigned i = 0; i < REQUESTS; i++) {
		region_map(&scene->old[i], BUFFER_PAGES, "the old memory");
		buffers[i] = region_iovec(&scene->old[i]);
		scene->tags[i] = ring_announce_optional(&scene->ring, "a tag of the old memory");
	}
	register_or_leave(&scene->ring, buffers, REQUESTS, scene->tags);
	for (unsigned i = 0; i < REQUESTS; i++) {
		size_t sectors = scene->old[i].length / SECTOR;
		size_t count = 1 + rng_below(rng, sectors);

		scene->spans[i] = (struct span){
			.at = scene->old[i].base + SECTOR * rng_below(rng, sectors - count + 1),
			.length = SECTOR * count,
			.slot = i,
			.position = PART * i + SECTOR * rng_below(rng, PART / SECTOR - count + 1),
		};
		scene->ids[i] = fixed_io_start(&scene->ring, scene->direction, file, scene->spans[i]);
	}
}

static void expect_pinned(const struct scene *scene, const char *when)
{
	long pinned = pins_outstanding() - scene->pins;

	if (scene->pins >= 0 && pinned < REQUESTS * BUFFER_PAGES)
		fail(text("the device's memory pinned %s", when),
		     text("%ld of %d pages", pinned, REQUESTS * BUFFER_PAGES));
}

/* All of the region is its own, but for the span, which has the disk's bytes if the read was done. */
static void check_memory(const struct scene *scene, unsigned i, const struct region *region, bool was_read)
{
	const struct file *file = &scene->disk.inner.file;
	const struct region *named = scene->replaced ? &scene->fresh[i] : &scene->old[i];
	struct span span = scene->spans[i];
	size_t from = (size_t)(span.at - named->base), to = from + span.length;
	unsigned char *at = region->base + from;

	if (pattern_mismatch(region->base, region->pattern, 0, from) >= 0 ||
	    pattern_mismatch(region->base + to, region->pattern, to, region->length - to) >= 0 ||
	    (was_read ? pattern_mismatch(at, file->pattern, span.position, span.length) :
			pattern_mismatch(at, region->pattern, from, span.length)) >= 0)
		fail(text("%s in the memory of request %u, and all else untouched",
			  was_read ? "the disk's bytes" : "no byte changed", i),
		     region_describe(region));
}

/* A write has brought the old memory's bytes to the disk. */
static void check_disk(const struct scene *scene, unsigned i)
{
	static unsigned char bytes[BUFFER_PAGES * 65536];
	const struct region *named = scene->replaced ? &scene->fresh[i] : &scene->old[i];
	struct span span = scene->spans[i];
	long wrong;

	if (pread(scene->disk.inner.file.fd, bytes, span.length, (off_t)span.position) != (ssize_t)span.length)
		error_now("reading what is under a loop device: %s", strerror(errno));
	wrong = pattern_mismatch(bytes, scene->old[i].pattern, (size_t)(span.at - named->base), span.length);
	if (wrong >= 0)
		fail(text("the old memory's bytes on the disk, by request %u", i),
		     text("at byte %ld: %s", wrong, pattern_describe(bytes + wrong, span.length - (size_t)wrong)));
}

static void check_moved(const struct scene *scene)
{
	bool reads = scene->direction == FLIGHT_READ;

	for (unsigned i = 0; i < REQUESTS; i++) {
		check_memory(scene, i, &scene->old[i], reads);
		if (scene->replaced)
			check_memory(scene, i, &scene->fresh[i], false);
		if (!reads)
			check_disk(scene, i);
	}
}

static void await_all(struct scene *scene)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct completion done = ring_await(&scene->ring, scene->ids[i]);
		struct completion tag = ring_look(&scene->ring, scene->tags[i]);

		if (done.res != (int)scene->spans[i].length)
			fail("a request that a device had to move all its bytes",
			     text("result %s", result_text(done.res)));
		if (tag.order && tag.order < done.order)
			fail("the tag of a buffer after the request that used it", "it came before");
	}
}

static void scene_close(struct scene *scene)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		region_unmap(&scene->old[i]);
		if (scene->replaced)
			region_unmap(&scene->fresh[i]);
	}
	stalled_disk_close(&scene->disk);
}

static void unregister(struct run *run, enum direction direction)
{
	struct agreed waited = { 0 };

	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;
		struct call call;

		scene_open(&scene, direction);
		scene_submit(&scene, &run->rng);
		call_init(&call, "unregister", unregister_ring, &scene.ring);
		call_start(&call);
		agreed_add(&waited, call_returns_or_waits(&call) ? "no" : "yes");
		expect_pinned(&scene, "while requests are in a device");
		stalled_disk_release(&scene.disk);
		await_all(&scene);
		if (call_end(&call) != 0)
			fail("unregister to succeed", text("result %s", result_text(call.result)));
		check_moved(&scene);
		pins_check(scene.pins, "after unregister");
		finish_ring(&scene.ring, &run->rng);
		scene_close(&scene);
	}
	observe_agreed("unregister_waited", &waited);
}

static void reads_unregister(struct run *run)
{
	unregister(run, FLIGHT_READ);
}

static void writes_unregister(struct run *run)
{
	unregister(run, FLIGHT_WRITE);
}

static void replace_all(struct scene *scene)
{
	struct iovec buffers[REQUESTS];
	int res;

	for (unsigned i = 0; i < REQUESTS; i++) {
		scene->fresh[i] = scene->old[i];
		region_swap_pages(&scene->fresh[i], &scene->old[i], "the new memory");
		buffers[i] = region_iovec(&scene->fresh[i]);
	}
	scene->replaced = true;
	res = update_buffers(&scene->ring, 0, buffers, REQUESTS, NULL);
	if (res != REQUESTS)
		fail_now("all slots updated", text("result %s", result_text(res)));
}

static void update(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;

		scene_open(&scene, round % 2 ? FLIGHT_WRITE : FLIGHT_READ);
		scene_submit(&scene, &run->rng);
		replace_all(&scene);
		expect_pinned(&scene, "while requests are in a device, and the new one's");
		for (unsigned i = 0; i < REQUESTS; i++)
			tag_expect_none(&scene.ring, scene.tags[i], "a buffer that a device still has");
		stalled_disk_release(&scene.disk);
		await_all(&scene);
		for (unsigned i = 0; i < REQUESTS; i++)
			tag_expect(&scene.ring, scene.tags[i], "a replaced buffer");
		check_moved(&scene);
		unregister_or_fail(&scene.ring);
		pins_check(scene.pins, "after unregister");
		finish_ring(&scene.ring, &run->rng);
		scene_close(&scene);
	}
}

static void ring_closed(struct run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;

		scene_open(&scene, round % 2 ? FLIGHT_WRITE : FLIGHT_READ);
		scene_submit(&scene, &run->rng);
		ring_close(&scene.ring);
		settle();
		expect_pinned(&scene, "after the ring was closed, with requests in a device");
		stalled_disk_release(&scene.disk);
		task_gone(scene.pins);
		rings_gone();
		check_moved(&scene);
		scene_close(&scene);
	}
}

/* The process that has requests in the device is killed, or becomes another program. */
static void ends(struct run *run, bool executes)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct scene scene;
		struct child child;

		scene_open(&scene, round % 2 ? FLIGHT_WRITE : FLIGHT_READ);
		scene.pins = pins_at_rest();
		if (child_start(&child) == CHILD_SELF) {
			scene_submit(&scene, &run->rng);
			child_say(&child);
			child_await_parent(&child);
			execlp("sh", "sh", "-c", "exit 42", (char *)NULL);
			_exit(1);
		}
		child_await_word(&child);
		if (executes)
			child_tell(&child);
		else
			kill(child.pid, SIGKILL);
		/* Exec waits for the requests of its task, exit does not: so this is not the end, in either case. */
		settle();
		expect_pinned(&scene, "after the process's end, with requests in a device");
		stalled_disk_release(&scene.disk);
		child_expect_end(&child, executes ? CHILD_DONE << 8 : SIGKILL);
		task_gone(scene.pins);
		rings_gone();
		stalled_disk_close(&scene.disk);
	}
}

static void killed(struct run *run)
{
	ends(run, false);
}

static void executes(struct run *run)
{
	ends(run, true);
}

static const struct point points[] = {
	{ "reads-unregister", "reads are in a device that holds them back; unregister", 1, reads_unregister },
	{ "writes-unregister", "the same with writes", 1, writes_unregister },
	{ "update", "the same; update at the same addresses", 2, update },
	{ "ring-closed", "the same; the ring is closed", 2, ring_closed },
	{ "killed", "the same; the process is killed", 2, killed },
	{ "exec", "the same; the process executes another program", 2, executes },
};

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "device-io",
		.summary = "fixed requests inside of a block device while their buffers go away",
		.details =
			"Invariants: the memory stays pinned for as long as the device has it, and no longer;\n"
			"each request moves all its bytes, from and to the memory that was registered when it\n"
			"was issued; no tag overtakes it.\n"
			"Tells apart: unregister that waits for its users from one that does not.\n",
		POINTS(points),
	};

	return program_main(&program, argc, argv);
}
