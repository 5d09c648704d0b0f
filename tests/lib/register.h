/*
 * The registration calls, each watched: one that has not returned after WAIT_MS fails the point.
 * Results are the kernel's: 0 or a count, or a negated errno (io_uring_register(2)).
 */
#ifndef RINGTRIAL_REGISTER_H
#define RINGTRIAL_REGISTER_H

#include <stdint.h>
#include <sys/uio.h>

#include "ring.h"

/* IORING_REGISTER_BUFFERS; with `tags` (one a buffer, 0 for none) IORING_REGISTER_BUFFERS2, 5.13. */
int register_buffers(struct ring *ring, const struct iovec *buffers, unsigned count,
		     const uint64_t *tags);

/*
 * The same where nothing else than success is right. When it is the ring's first registration, a
 * failure says something about the machine: the point is skipped when the memory limit forbids the
 * registration or the kernel has no tags, else the test is broken. When it has worked before on the
 * same ring, a failure is the kernel's.
 */
void register_or_leave(struct ring *ring, const struct iovec *buffers, unsigned count,
		       const uint64_t *tags);

/*
 * IORING_UNREGISTER_BUFFERS. The call may end with EINTR when the kernel has task work for the
 * thread; then it is made again, as any application would, within the same WAIT_MS.
 */
int unregister_buffers(struct ring *ring);
/* The same as a call (call.h). */
long unregister_ring(void *ring);
/* One such call, with whatever result. */
int unregister_once(struct ring *ring);
/* As unregister_buffers(), where nothing else than success is right; a failure fails the point, which goes on. */
void unregister_or_fail(struct ring *ring);

/* IORING_REGISTER_BUFFERS_UPDATE, 5.13; returns how many slots were updated. */
int update_buffers(struct ring *ring, unsigned first, const struct iovec *buffers, unsigned count,
		   const uint64_t *tags);

/* IORING_REGISTER_IOWQ_MAX_WORKERS, 5.15, for this thread's io-wq (or the SQPOLL thread's). */
int limit_workers(struct ring *ring, unsigned workers);

#endif
