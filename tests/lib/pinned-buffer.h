/*
 * A buffer whose pages can be looked at through its ring alone, whatever has become of their
 * addresses: they are written to a file with WRITE_FIXED.
 */
#ifndef RINGTRIAL_PINNED_BUFFER_H
#define RINGTRIAL_PINNED_BUFFER_H

#include <stdbool.h>

#include "file-io.h"
#include "memory.h"
#include "ring.h"
#include "rng.h"

struct pinned_buffer {
	struct ring ring;
	struct file source;
	struct file sink;
	struct region region; /* as it was registered; holds what the buffer should hold */
	struct region now;    /* what the application should find there; no base: nothing */
	bool apart;           /* other pages than the buffer's */
	struct rng *rng;
	long pins;
};

/* Registers BUFFER_PAGES pages as the one buffer of a ring. */
void pinned_open(struct pinned_buffer *buffer, struct rng *rng);
/*
 * The buffer holds its pattern but for the span, which holds `payload` from its beginning; and the
 * application finds the same at its address, or, when that is other memory now, that untouched.
 */
void pinned_check(struct pinned_buffer *buffer, struct span span, struct pattern payload,
		  const char *after);
/* Unregisters, checks pins and ring, and takes everything down. */
void pinned_close(struct pinned_buffer *buffer);

#endif
