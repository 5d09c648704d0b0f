/*
 * Fixed I/O of exact ranges, one request after the other, against a file in memory: for points
 * that ask which bytes a request moves, not when. The file is a memfd, every byte of which is
 * known, so a read says by its data where in the file it began.
 */
#ifndef RINGTRIAL_FILE_IO_H
#define RINGTRIAL_FILE_IO_H

#include <stddef.h>

#include "flight.h"
#include "pattern.h"
#include "ring.h"

struct file {
	int fd;
	int io_fd; /* that requests use: the same, or a block device on top of it (loop.h) */
	size_t length;
	struct pattern pattern; /* what it holds at first */
};

/* What a request names: memory, the index of the buffer that it should lie in, a place in the file. */
struct span {
	unsigned char *at;
	size_t length;
	unsigned slot;
	size_t position;
};

void file_open(struct file *file, size_t length, const char *what);
/* Puts the pattern back. */
void file_fill(const struct file *file);
void file_close(struct file *file);
/*
 * Drops what the page cache of the block device under io_fd holds, except for [from, to), which it
 * holds then; whole pages.
 */
void file_cache_only(const struct file *file, size_t from, size_t to);

/* Submits one READ_FIXED or WRITE_FIXED; its user_data. */
uint64_t fixed_io_start(struct ring *ring, enum direction direction, const struct file *file, struct span span);
/* The same from its submission to its completion; the result. */
int fixed_io(struct ring *ring, enum direction direction, const struct file *file, struct span span);

/* A read that must move all its bytes, and the right ones. */
void fixed_read_works(struct ring *ring, const struct file *file, struct span span);
/* A write of `pattern`'s bytes from `offset` on, which must all arrive, and no other. */
void fixed_write_works(struct ring *ring, const struct file *file, struct span span,
		       struct pattern pattern, size_t offset);
/*
 * Both, on a span inside of the region, which holds its own pattern: the read must also leave the
 * rest of the region alone. Afterwards region and file are as before.
 */
void fixed_io_works(struct ring *ring, const struct file *file, const struct region *region,
		    struct span span);
/* A request that must fail with EFAULT; that memory and file are untouched is for the caller to see. */
void fixed_io_refused(struct ring *ring, enum direction direction, const struct file *file,
		      struct span span);

#endif
