#define _GNU_SOURCE
#include "pins.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "point.h"

#define LAG_MS 5000u

/* The value of one line, "NAME VALUE", of /proc/vmstat; -1 when there is none. */
static long vmstat_value(const char *vmstat, const char *name)
{
	const char *at = strstr(vmstat, name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

bool pins_refresh(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "1", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

long pins_outstanding(void)
{
	char vmstat[16384];
	size_t used = 0;
	ssize_t got = 0;
	long acquired;
	long released;
	int fd;

	if (!pins_refresh())
		return -1;
	fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (used + 1 < sizeof(vmstat) &&
	       (got = read(fd, vmstat + used, sizeof(vmstat) - used - 1)) > 0)
		used += (size_t)got;
	close(fd);
	vmstat[used] = '\0';
	acquired = vmstat_value(vmstat, "\nnr_foll_pin_acquired ");
	released = vmstat_value(vmstat, "\nnr_foll_pin_released ");
	return acquired < 0 || released < 0 ? -1 : acquired - released;
}

long pins_at_rest(void)
{
	long before = pins_outstanding();

	/* None at all is the usual case in a guest, and needs no second look. */
	for (int looks = 0; before > 0 && looks < 50; looks++) {
		long now;

		sleep_ms(100);
		now = pins_outstanding();
		if (now >= before)
			break;
		before = now;
	}
	return before;
}

bool pins_fall_to(long most, unsigned ms)
{
	struct deadline deadline = deadline_in_ms(ms);

	for (;;) {
		long now = pins_outstanding();

		if (now < 0 || now <= most)
			return true;
		if (deadline_passed(deadline))
			return false;
		sleep_ms(20);
	}
}

void pins_check(long before, const char *when)
{
	if (before >= 0 && !pins_fall_to(before, LAG_MS))
		fail(text("%ld pinned pages %s, as before", before, when),
		     text("%ld after %u ms", pins_outstanding(), LAG_MS));
}
