/* Trials over and over, and what they found together. */
#include <string.h>

#include "trial.h"

void findings_observe(const struct findings *findings, const char *what)
{
	observe_agreed(text("%s_waited", what), &findings->waited);
	observe_agreed("result", &findings->result);
	observe_agreed("memory", &findings->used);
	observe_measure(text("%s_ms", what), findings->longest_ms, "ms");
}

void findings_forbid_new(const struct findings *findings)
{
	for (unsigned i = 0; i < findings->used.count; i++)
		if (strcmp(findings->used.values[i], used_text(USED_NEW)) == 0)
			fail("requests to keep off memory whose addresses they did not name",
			     "a request used the new memory");
}

void experiment_run(struct run *run, const struct experiment *experiment, struct findings *findings)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		struct trial trial;

		trial_open(&trial, experiment->plan, &run->rng);
		if (experiment->prepare)
			experiment->prepare(&trial);
		trial_act(&trial, experiment->what, experiment->action, experiment->actor);
		trial_land(&trial, findings);
		trial_close(&trial);
	}
}

static void run_and_observe(struct run *run, struct experiment experiment)
{
	struct findings findings = { 0 };

	experiment.actor = ACT_OTHER_THREAD;
	experiment_run(run, &experiment, &findings);
	if (experiment.prepare == trial_map_elsewhere)
		findings_forbid_new(&findings);
	findings_observe(&findings, experiment.what);
}

void experiment_unregister(struct run *run, struct trial_plan plan, void (*prepare)(struct trial *trial))
{
	run_and_observe(run, (struct experiment){
				     .plan = plan, .prepare = prepare, .what = "unregister", .action = trial_unregister });
}

void experiment_update(struct run *run, struct trial_plan plan, void (*prepare)(struct trial *trial))
{
	run_and_observe(run, (struct experiment){
				     .plan = plan, .prepare = prepare, .what = "update", .action = trial_update });
}

void finish_ring(struct ring *ring, struct rng *rng)
{
	check_usable(ring, rng);
	ring_check(ring);
	ring_close(ring);
}
