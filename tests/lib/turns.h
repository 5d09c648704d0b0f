/*
 * Who goes next, between threads that submit and threads that register and unregister. On the
 * kernels whose unregister waits, the table would be empty nearly all the time if both sides just
 * went on; so buffers stay registered for a few batches, and most batches wait for them. Then
 * either side acts at once, without knowing what the other one is about to do.
 */
#ifndef RINGTRIAL_TURNS_H
#define RINGTRIAL_TURNS_H

#include <pthread.h>
#include <stdbool.h>

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool registered;
	bool over;
	unsigned batches;
};

void turns_init(struct turns *turns);
/* What the threads that register say, and what the others wait for. */
void turns_set_registered(struct turns *turns, bool registered);
void turns_await_registered(struct turns *turns);
/* What the threads that submit say, and what the others wait for: `count` batches from now. */
void turns_count_batch(struct turns *turns);
void turns_await_batches(struct turns *turns, unsigned count);
/* No more batches will come. */
void turns_end(struct turns *turns);
bool turns_over(struct turns *turns);

#endif
