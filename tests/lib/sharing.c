#include "sharing.h"

#include "clone.h"
#include "pins.h"
#include "point.h"
#include "register.h"

void sharing_begin(struct sharing *sharing, bool by_index)
{
	struct clone_request request = { 0 };
	struct iovec buffers[SHARED_BUFFERS];
	int res;

	ring_open(&sharing->source, (struct ring_options){ .entries = 32 });
	ring_open(&sharing->clone, (struct ring_options){ .entries = 32 });
	for (unsigned i = 0; i < SHARED_BUFFERS; i++) {
		region_map(&sharing->regions[i], BUFFER_PAGES, "shared memory");
		buffers[i] = region_iovec(&sharing->regions[i]);
	}
	sharing->pins_before = pins_at_rest();
	register_or_leave(&sharing->source, buffers, SHARED_BUFFERS, NULL);
	request.src_fd = (unsigned)sharing->source.uring.ring_fd;
	if (by_index && io_uring_register_ring_fd(&sharing->source.uring) == 1) {
		request.src_fd = (unsigned)sharing->source.uring.enter_ring_fd;
		request.flags = CLONE_SRC_REGISTERED;
	}
	res = clone_buffers(&sharing->clone, &request);
	if (res < 0)
		fail_now("to clone all buffers into an empty table", text("result %s", result_text(res)));
}

void sharing_end(struct sharing *sharing)
{
	for (unsigned i = 0; i < SHARED_BUFFERS; i++)
		region_unmap(&sharing->regions[i]);
}

void sharing_expect_pinned(const struct sharing *sharing, const char *when)
{
	long pinned = pins_outstanding() - sharing->pins_before;

	if (sharing->pins_before >= 0 && pinned < SHARED_PAGES)
		fail(text("%d shared pages pinned %s", SHARED_PAGES, when), text("%ld", pinned));
}

void sharing_expect_unpinned(const struct sharing *sharing)
{
	pins_check(sharing->pins_before, "after both rings have let go");
}
