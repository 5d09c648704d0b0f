#define _GNU_SOURCE
#include "pinned-buffer.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "pins.h"
#include "point.h"
#include "register.h"
#include "trial.h"

void pinned_open(struct pinned_buffer *buffer, struct rng *rng)
{
	struct iovec iovec;

	memset(buffer, 0, sizeof(*buffer));
	buffer->rng = rng;
	ring_open(&buffer->ring, (struct ring_options){ .entries = 8 });
	region_map(&buffer->region, BUFFER_PAGES, "a registered buffer");
	file_open(&buffer->source, 2 * buffer->region.length, "a file's bytes");
	file_open(&buffer->sink, buffer->region.length, "an empty file's bytes");
	buffer->now = buffer->region;
	buffer->pins = pins_at_rest();
	iovec = region_iovec(&buffer->region);
	register_or_leave(&buffer->ring, &iovec, 1, NULL);
}

void pinned_check(struct pinned_buffer *buffer, struct span span, struct pattern payload,
		  const char *after)
{
	size_t offset = (size_t)(span.at - buffer->region.base);
	struct region *region = &buffer->region;
	struct region copy = *region;
	int res = fixed_io(&buffer->ring, FLIGHT_WRITE, &buffer->sink,
			   (struct span){ region->base, region->length, 0, 0 });

	if (res != (int)region->length)
		fail(text("a WRITE_FIXED of all the buffer after %s", after),
		     text("result %s", result_text(res)));
	copy.base = mmap(NULL, copy.length, PROT_READ, MAP_SHARED, buffer->sink.fd, 0);
	if (copy.base == MAP_FAILED)
		error_now("mmap: %s", strerror(errno));
	if (region_state(&copy, offset, span.length, payload) != REGION_WRITTEN)
		fail(text("the pages that were registered to hold what was read, after %s", after),
		     region_describe(&copy));
	/* Other pages are untouched; the same pages hold the same. */
	if (buffer->now.base &&
	    region_state(&buffer->now, offset, span.length, payload) !=
		    (buffer->apart ? REGION_UNTOUCHED : REGION_WRITTEN))
		fail(text("what the application has there to be %s, after %s",
			  buffer->apart ? "its own" : "the buffer", after),
		     region_describe(&buffer->now));
	munmap(copy.base, copy.length);
}

void pinned_close(struct pinned_buffer *buffer)
{
	unregister_or_fail(&buffer->ring);
	pins_check(buffer->pins, "after unregister");
	finish_ring(&buffer->ring, buffer->rng);
	file_close(&buffer->source);
	file_close(&buffer->sink);
	region_unmap(&buffer->region);
}
