#define _GNU_SOURCE
#include "tcp-pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "point.h"

/* The kernel doubles it and has a minimum of its own; either way it is little. */
#define SOCKET_BYTES 16384

static int open_socket(void)
{
	const int size = SOCKET_BYTES;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		skip_now("no TCP here: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

/* A guest may have left it down. */
static void bring_loopback_up(int fd)
{
	struct ifreq request = { .ifr_name = "lo" };

	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP)) {
		request.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &request);
	}
}

void tcp_pair_open(struct tcp_pair *pair)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listener = open_socket();

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bring_loopback_up(listener);
	pair->send_fd = open_socket();
	if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
	    connect(pair->send_fd, (struct sockaddr *)&address, length) < 0)
		skip_now("no TCP over the loopback device: %s", strerror(errno));
	pair->receive_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (pair->receive_fd < 0)
		error_now("accept: %s", strerror(errno));
	close(listener);
}

void tcp_pair_close(struct tcp_pair *pair)
{
	close(pair->send_fd);
	close(pair->receive_fd);
}
