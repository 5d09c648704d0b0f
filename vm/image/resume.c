// SPDX-License-Identifier: MIT
/*
 * ringtrial-resume SECONDS.MILLISECONDS HEX: run first in every fork of a snapshot.
 *
 * Two forks wake up with the same clock and the same random state. This sets the clock to the
 * host's, and feeds the kernel 32 fresh bytes and makes it reseed at once (random(4): writing to
 * /dev/urandom alone would only take effect at the next scheduled reseed).
 */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { SEED_BYTES = 32 };

static int reseed(const char *hex)
{
	struct {
		struct rand_pool_info info;
		unsigned char bytes[SEED_BYTES];
	} entropy = { .info = { .entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES } };
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (fd < 0 || strlen(hex) != 2 * SEED_BYTES)
		return -1;
	for (int i = 0; i < SEED_BYTES; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &((unsigned char *)entropy.info.buf)[i]) != 1)
			return -1;
	return ioctl(fd, RNDADDENTROPY, &entropy) || ioctl(fd, RNDRESEEDCRNG) ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s SECONDS HEX\n", argv[0]);
		return 2;
	}
	double now = strtod(argv[1], NULL);
	struct timespec wall = { .tv_sec = (time_t)now, .tv_nsec = (long)((now - (time_t)now) * 1e9) };

	if (clock_settime(CLOCK_REALTIME, &wall) || reseed(argv[2])) {
		perror("ringtrial-resume");
		return 1;
	}
	return 0;
}
