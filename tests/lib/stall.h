/*
 * Keeps requests in io-wq's queue: submitted, but not issued. The ring's io-wq is limited to one
 * worker and that worker waits in a splice from an empty pipe; whatever is submitted after it with
 * IOSQE_ASYNC has not looked at its buffer when the submission returns, and will not until the
 * test says so. This takes the luck out of the thread's step 4.
 */
#ifndef RINGTRIAL_STALL_H
#define RINGTRIAL_STALL_H

#include <stdbool.h>
#include <stdint.h>

#include "hold.h"
#include "ring.h"

struct stall {
	struct hold from;
	struct hold to;
	uint64_t id;
	bool released;
};

/* Submits the splice. Skips the point when the kernel cannot limit its workers (before 5.15). */
void stall_begin(struct stall *stall, struct ring *ring);
/* Lets the worker go on to the requests behind the splice; once. */
void stall_release(struct stall *stall);
void stall_close(struct stall *stall);

#endif
