#include "partial.h"

#include <errno.h>

#include "register.h"
#include "trial.h"

void partial_open(struct partial *partial, unsigned pages)
{
	struct iovec buffer;

	ring_open(&partial->ring, (struct ring_options){ .entries = 8 });
	region_map(&partial->fresh, pages, "the old memory");
	buffer = region_iovec(&partial->fresh);
	register_or_leave(&partial->ring, &buffer, 1, NULL);
	region_swap_pages(&partial->fresh, &partial->old, "the new memory");
}

long partial_update(void *argument)
{
	struct partial *partial = argument;
	struct iovec buffer = region_iovec(&partial->fresh);

	return update_buffers(&partial->ring, 0, &buffer, 1, NULL) == 1 ? 0 : -EINVAL;
}

long partial_unregister(void *argument)
{
	struct partial *partial = argument;

	return unregister_buffers(&partial->ring);
}

void partial_close(struct partial *partial, struct rng *rng, bool is_registered)
{
	if (is_registered)
		unregister_or_fail(&partial->ring);
	finish_ring(&partial->ring, rng);
	region_unmap(&partial->fresh);
	region_unmap(&partial->old);
}
