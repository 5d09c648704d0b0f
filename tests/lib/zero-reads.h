/*
 * Reads of /dev/zero as a load: nothing ever waits, so what they cost is what io_uring costs. Without
 * the books of ring.h, which would cost more than the reads.
 */
#ifndef RINGTRIAL_ZERO_READS_H
#define RINGTRIAL_ZERO_READS_H

#include <stdbool.h>

#include "memory.h"
#include "ring.h"

#define ZERO_BATCH 16
#define ZERO_BYTES 512

struct zero_reads {
	struct ring ring;
	struct region region; /* registered as slot 0 */
	int fd;
	bool fixed; /* READ_FIXED with slot 0, else READ */
	unsigned flags; /* IOSQE_*; the last one of a batch is never linked */
	unsigned long completed, failed; /* failed: with EFAULT; anything else fails the point */
	unsigned long refused; /* io_uring_enter calls that took nothing */
	int64_t longest_ns; /* io_uring_enter */
};

/* A ring, with a buffer registered that the reads go to. */
void zero_reads_open(struct zero_reads *reads);
/* One batch: submitted with one system call if the kernel takes it so, and awaited. Its ns in the kernel. */
int64_t zero_reads_batch(struct zero_reads *reads);
/* Checks the ring, and takes everything down. */
void zero_reads_close(struct zero_reads *reads);

#endif
