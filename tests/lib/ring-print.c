/* Diagnostics of rings: what a person needs to see when a wait has come to nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "point.h"
#include "ring.h"

#define MOST_ENTRIES_SHOWN 16

static void print_fdinfo(int fd)
{
	char line[256];
	FILE *file = fopen(text("/proc/self/fdinfo/%d", fd), "re");

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		note("    %s", line);
	}
	if (file)
		fclose(file);
}

static void print_owed(struct ring *ring)
{
	unsigned shown = 0;

	/* Not under the lock: whoever holds it may be the one that hangs. */
	for (uint64_t id = 1; id <= ring->announced && shown < MOST_ENTRIES_SHOWN; id++) {
		const struct completion *entry = &ring->books[id - 1];

		if (entry->order || entry->optional)
			continue;
		note("    owed: %s (user_data %llu)", entry->what, (unsigned long long)id);
		shown++;
	}
}

void ring_print(struct ring *ring)
{
	const struct io_uring_sq *sq = &ring->uring.sq;
	const struct io_uring_cq *cq = &ring->uring.cq;

	note("  ring fd %d: set-up flags 0x%x, sq head %u tail %u flags 0x%x dropped %u, cq head %u tail %u overflow %u",
	     ring->uring.ring_fd, ring->uring.flags, *sq->khead, *sq->ktail, *sq->kflags, *sq->kdropped,
	     *cq->khead, *cq->ktail, *cq->koverflow);
	note("    %llu completions announced, %llu came", (unsigned long long)ring->announced,
	     (unsigned long long)ring->arrived);
	print_owed(ring);
	print_fdinfo(ring->uring.ring_fd);
}
