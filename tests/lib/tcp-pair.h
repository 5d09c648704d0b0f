/* Two TCP sockets connected to each other over the loopback device, which take little at once. */
#ifndef RINGTRIAL_TCP_PAIR_H
#define RINGTRIAL_TCP_PAIR_H

#include <stddef.h>

struct tcp_pair {
	int send_fd;
	int receive_fd;
};

/* Skips the point when there is no loopback device, and none can be brought up. */
void tcp_pair_open(struct tcp_pair *pair);
void tcp_pair_close(struct tcp_pair *pair);

#endif
