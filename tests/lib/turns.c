#include "turns.h"

#include "clock.h"
#include "watch.h"

void turns_init(struct turns *turns)
{
	*turns = (struct turns){ 0 };
	pthread_mutex_init(&turns->lock, NULL);
	pthread_cond_init(&turns->changed, NULL);
}

void turns_set_registered(struct turns *turns, bool registered)
{
	pthread_mutex_lock(&turns->lock);
	turns->registered = registered;
	pthread_cond_broadcast(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
}

void turns_await_registered(struct turns *turns)
{
	int watch = watch_begin("the registration by another thread", WAIT_MS);

	pthread_mutex_lock(&turns->lock);
	while (!turns->registered)
		pthread_cond_wait(&turns->changed, &turns->lock);
	pthread_mutex_unlock(&turns->lock);
	watch_end(watch);
}

void turns_count_batch(struct turns *turns)
{
	pthread_mutex_lock(&turns->lock);
	turns->batches++;
	pthread_cond_broadcast(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
}

void turns_await_batches(struct turns *turns, unsigned count)
{
	int watch = watch_begin("submissions by other threads", WAIT_MS);
	unsigned start;

	pthread_mutex_lock(&turns->lock);
	start = turns->batches;
	while (turns->batches - start < count && !turns->over)
		pthread_cond_wait(&turns->changed, &turns->lock);
	pthread_mutex_unlock(&turns->lock);
	watch_end(watch);
}

void turns_end(struct turns *turns)
{
	pthread_mutex_lock(&turns->lock);
	turns->over = true;
	pthread_cond_broadcast(&turns->changed);
	pthread_mutex_unlock(&turns->lock);
}

bool turns_over(struct turns *turns)
{
	bool over;

	pthread_mutex_lock(&turns->lock);
	over = turns->over;
	pthread_mutex_unlock(&turns->lock);
	return over;
}
