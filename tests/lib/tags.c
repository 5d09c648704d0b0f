#include "tags.h"

#include "point.h"

/* Longer than any kernel delays a tag. */
#define TAG_MS 3000u

bool tag_came(struct ring *ring, uint64_t tag)
{
	ring_reap(ring);
	return ring_look(ring, tag).order != 0;
}

void tag_expect(struct ring *ring, uint64_t tag, const char *whose)
{
	if (!ring_await_within(ring, tag, TAG_MS))
		fail(text("the tag of %s", whose), text("none within %u ms", TAG_MS));
}

void tag_expect_none(struct ring *ring, uint64_t tag, const char *whose)
{
	if (tag_came(ring, tag))
		fail(text("no tag of %s", whose), "it came");
}
