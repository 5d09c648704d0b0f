/*
 * The thread's step 2 and step 3 back to back: submit a fixed request with IOSQE_ASYNC and
 * unregister at once, while a worker is on its way to the request.
 */
#ifndef RINGTRIAL_AT_ONCE_H
#define RINGTRIAL_AT_ONCE_H

#include "flight.h"
#include "point.h"

struct at_once {
	enum direction direction;
	unsigned threads;
	unsigned ring_flags;
};

/*
 * `run->rounds` requests in all; each must move all its bytes or fail with EFAULT and move none.
 * Observes as racers_run() does.
 */
void at_once_run(struct run *run, struct at_once plan);

#endif
