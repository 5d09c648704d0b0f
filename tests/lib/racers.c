#include "racers.h"

#define MOST_RACERS 8

static void *racer_thread(void *argument)
{
	struct racer *racer = argument;

	racer->body(racer);
	return NULL;
}

void racers_run(struct run *run, const struct race *race)
{
	struct racer racers[MOST_RACERS];
	unsigned requests = 0;
	unsigned hits = 0;

	for (unsigned i = 0; i < race->threads; i++) {
		/* The remainder goes to the first ones, so that --rounds 1 still races once. */
		racers[i] = (struct racer){
			.rounds = run->rounds / race->threads + (i < run->rounds % race->threads),
			.rng = { .state = rng_next(&run->rng) },
			.plan = race->plan,
			.body = race->body,
		};
		if (pthread_create(&racers[i].thread, NULL, racer_thread, &racers[i]))
			error_now("cannot start a thread");
	}
	for (unsigned i = 0; i < race->threads; i++) {
		pthread_join(racers[i].thread, NULL);
		requests += racers[i].requests;
		hits += racers[i].hits;
	}
	if (race->by_design)
		observe(text("%s_seen", race->hit), hits ? "yes" : "no");
	observe_measure(race->hit, hits, text("of-%u", requests));
}
