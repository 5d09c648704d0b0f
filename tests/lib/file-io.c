#define _GNU_SOURCE
#include "file-io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "point.h"

void file_fill(const struct file *file)
{
	unsigned char *bytes = malloc(file->length);

	if (!bytes)
		error_now("out of memory");
	pattern_write(bytes, file->pattern, 0, file->length);
	if (pwrite(file->fd, bytes, file->length, 0) != (ssize_t)file->length)
		error_now("filling a memfd: %s", strerror(errno));
	free(bytes);
}

void file_open(struct file *file, size_t length, const char *what)
{
	file->fd = memfd_create("ringtrial", MFD_CLOEXEC);
	if (file->fd < 0)
		error_now("memfd_create: %s", strerror(errno));
	file->io_fd = file->fd;
	file->length = length;
	file->pattern = pattern_new(what);
	file_fill(file);
}

void file_close(struct file *file)
{
	close(file->fd);
}

void file_cache_only(const struct file *file, size_t from, size_t to)
{
	unsigned char *bytes = malloc(to - from);

	fsync(file->io_fd);
	posix_fadvise(file->io_fd, 0, 0, POSIX_FADV_DONTNEED);
	/* Read-ahead would bring what is to be missing. */
	posix_fadvise(file->io_fd, 0, 0, POSIX_FADV_RANDOM);
	if (!bytes || pread(file->io_fd, bytes, to - from, (off_t)from) != (ssize_t)(to - from))
		error_now("reading a block device: %s", strerror(errno));
	free(bytes);
}

uint64_t fixed_io_start(struct ring *ring, enum direction direction, const struct file *file, struct span span)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);
	bool reads = direction == FLIGHT_READ;
	uint64_t id;

	if (reads)
		io_uring_prep_read_fixed(sqe, file->io_fd, span.at, (unsigned)span.length, span.position,
					 (int)span.slot);
	else
		io_uring_prep_write_fixed(sqe, file->io_fd, span.at, (unsigned)span.length, span.position,
					  (int)span.slot);
	id = ring_announce(ring, reads ? "READ_FIXED of a file" : "WRITE_FIXED to a file");
	sqe->user_data = id;
	ring_submit(ring, 1);
	return id;
}

int fixed_io(struct ring *ring, enum direction direction, const struct file *file, struct span span)
{
	return ring_await(ring, fixed_io_start(ring, direction, file, span)).res;
}

static const char *span_text(enum direction direction, struct span span)
{
	return text("%s of %zu bytes at %p through buffer %u",
		    direction == FLIGHT_READ ? "READ_FIXED" : "WRITE_FIXED", span.length,
		    (void *)span.at, span.slot);
}

void fixed_read_works(struct ring *ring, const struct file *file, struct span span)
{
	int res = fixed_io(ring, FLIGHT_READ, file, span);
	long wrong;

	if (res != (int)span.length) {
		fail(text("%s to move all its bytes", span_text(FLIGHT_READ, span)),
		     text("result %s", result_text(res)));
		return;
	}
	wrong = pattern_mismatch(span.at, file->pattern, span.position, span.length);
	if (wrong >= 0)
		fail(text("%s to bring the file's bytes from %zu on", span_text(FLIGHT_READ, span),
			  span.position),
		     text("at byte %ld: %s", wrong,
			  pattern_describe(span.at + wrong, span.length - (size_t)wrong)));
}

/* The file holds `pattern` from `offset` on in the span's place, and what it held everywhere else. */
static void check_file(const struct file *file, struct span span, struct pattern pattern, size_t offset)
{
	unsigned char *bytes = malloc(file->length);
	size_t end = span.position + span.length;
	long wrong;

	if (!bytes || pread(file->fd, bytes, file->length, 0) != (ssize_t)file->length)
		error_now("reading a memfd: %s", strerror(errno));
	wrong = pattern_mismatch(bytes + span.position, pattern, offset, span.length);
	if (wrong >= 0)
		fail(text("%s to write its bytes", span_text(FLIGHT_WRITE, span)),
		     text("at byte %ld: %s", wrong,
			  pattern_describe(bytes + span.position + wrong, span.length - (size_t)wrong)));
	if (pattern_mismatch(bytes, file->pattern, 0, span.position) >= 0 ||
	    pattern_mismatch(bytes + end, file->pattern, end, file->length - end) >= 0)
		fail(text("%s to write its part of the file only", span_text(FLIGHT_WRITE, span)),
		     "bytes around it have changed");
	free(bytes);
}

void fixed_write_works(struct ring *ring, const struct file *file, struct span span,
		       struct pattern pattern, size_t offset)
{
	int res = fixed_io(ring, FLIGHT_WRITE, file, span);

	if (res != (int)span.length)
		fail(text("%s to move all its bytes", span_text(FLIGHT_WRITE, span)),
		     text("result %s", result_text(res)));
	else
		check_file(file, span, pattern, offset);
	file_fill(file);
}

void fixed_io_works(struct ring *ring, const struct file *file, const struct region *region,
		    struct span span)
{
	size_t from = (size_t)(span.at - region->base);
	size_t to = from + span.length;

	fixed_write_works(ring, file, span, region->pattern, from);
	fixed_read_works(ring, file, span);
	if (pattern_mismatch(region->base, region->pattern, 0, from) >= 0 ||
	    pattern_mismatch(region->base + to, region->pattern, to, region->length - to) >= 0)
		fail(text("%s to leave the bytes around it alone", span_text(FLIGHT_READ, span)),
		     "bytes before or behind it have changed");
	pattern_write(span.at, region->pattern, from, span.length);
}

void fixed_io_refused(struct ring *ring, enum direction direction, const struct file *file,
		      struct span span)
{
	int res = fixed_io(ring, direction, file, span);

	if (res != -EFAULT)
		fail(text("%s to fail with EFAULT", span_text(direction, span)),
		     text("result %s", result_text(res)));
}
