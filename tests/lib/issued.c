/* Has the kernel issued the requests, or are they still on the way to a worker? */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "flight.h"
#include "point.h"
#include "tasks.h"

/* Time for an answer, and how long to wait blindly when this kernel gives none. */
#define ASK_MS 5000u
#define BLIND_WAIT_MS 200u

/* Requests in the "PollList:" of the ring's fdinfo (io_uring/fdinfo.c): "  op=4, task_works=0". */
unsigned flights_polling(struct ring *ring)
{
	FILE *file = fopen(text("/proc/self/fdinfo/%d", ring->uring.ring_fd), "re");
	bool in_list = false;
	unsigned count = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (line[0] != ' ')
			in_list = strncmp(line, "PollList:", 9) == 0;
		else if (in_list && strstr(line, "op="))
			count++;
	}
	if (file)
		fclose(file);
	return count;
}

void flights_await_issued(struct ring *ring, unsigned count)
{
	struct deadline deadline = deadline_in_ms(ASK_MS);

	while (!deadline_passed(deadline)) {
		if (flights_polling(ring) >= count)
			return;
		if (flights_polling(ring) + tasks_workers_in_pipes() >= count)
			return;
		sleep_ms(2);
	}
	note("cannot see that %u requests were issued: fdinfo lists %u, %u workers wait for pipes", count,
	     flights_polling(ring), tasks_workers_in_pipes());
	sleep_ms(BLIND_WAIT_MS);
}
