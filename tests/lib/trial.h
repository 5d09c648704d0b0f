/*
 * One round of the experiment that most programs vary: register buffers, put one fixed request on
 * each of them in flight at a chosen stage, do something to the registration, let the requests
 * go, and judge what each request did, to which memory, and whether that memory was pinned for as
 * long as the request could use it.
 *
 *   struct trial trial;
 *   trial_open(&trial, plan, &run->rng);
 *   trial_act(&trial, "unregister", trial_unregister, ACT_OTHER_THREAD);
 *   trial_land(&trial, &findings);
 *   trial_close(&trial);
 */
#ifndef RINGTRIAL_TRIAL_H
#define RINGTRIAL_TRIAL_H

#include <stdbool.h>

#include "flight.h"
#include "point.h"
#include "rng.h"
#include "stall.h"

#define MOST_FLIGHTS 8
#define BUFFER_PAGES 3

enum stage {
	STAGE_ISSUED, /* IOSQE_ASYNC, issued, waiting for its pipe */
	STAGE_ARMED,  /* submitted without IOSQE_ASYNC, issued at once, waiting for its pipe */
	STAGE_QUEUED, /* IOSQE_ASYNC, submitted, not issued: behind a busy worker */
	STAGE_LINKED, /* submitted, not issued: linked behind a plain read of an empty pipe */
	/*
	 * All flights in one chain: the first has ended, the second is issued and waits for its pipe,
	 * the others are submitted, not issued.
	 */
	STAGE_CHAINED,
	/* Submitted, not issued: held by IOSQE_IO_DRAIN until plain reads before it have ended. */
	STAGE_DRAINED,
};

struct trial_plan {
	enum direction direction;
	enum stage stage;
	unsigned flights;
	unsigned ring_flags;
	unsigned sqe_flags; /* besides those that the stage asks for */
	unsigned link_flag; /* STAGE_CHAINED: IOSQE_IO_LINK or IOSQE_IO_HARDLINK; STAGE_DRAINED: also 0 */
	bool tagged;
	bool held_at_issue; /* STAGE_QUEUED: when they are issued, they wait for their pipes */
	bool may_be_cancelled; /* a request may end with ECANCELED, and then moves nothing */
};

/* The pins at one moment at which requests were known to be in flight. */
struct pin_look {
	long pinned;        /* buffers of old memory whose pages were pinned */
	unsigned in_flight; /* the requests, one bit each */
};

enum waited { WAITED_NO, WAITED_PARTLY, WAITED_YES };

struct trial {
	struct trial_plan plan;
	struct rng *rng;
	struct ring ring;
	struct region old[MOST_FLIGHTS];   /* registered when the requests were submitted */
	struct region fresh[MOST_FLIGHTS]; /* registered under the same indices since */
	bool has_fresh;
	bool fresh_is_registered;
	bool is_registered; /* any table, perhaps one of empty slots */
	bool tags_are_due;  /* the old buffers were replaced one by one, not unregistered */
	struct flight flights[MOST_FLIGHTS];
	struct hold gates[MOST_FLIGHTS];
	uint64_t gate_ids[MOST_FLIGHTS];
	struct stall stall;
	uint64_t tags[MOST_FLIGHTS];       /* of the old memory */
	uint64_t fresh_tags[MOST_FLIGHTS]; /* of the new: nobody replaces it, so they may not come */
	long pins_before;
	struct pin_look looks[2];
	unsigned look_count;
	unsigned used_old; /* requests that moved bytes of the old memory, one bit each */
	unsigned used_new;
	unsigned landed; /* requests that trial_land_one() has judged */
	enum waited waited;
	double took_ms;
};

/* What the rounds of a point found, for observations. */
struct findings {
	struct agreed waited;
	struct agreed result;
	struct agreed used;
	double longest_ms;
};

/* Up to the moment at which all requests are known to be at the plan's stage. */
void trial_open(struct trial *trial, struct trial_plan plan, struct rng *rng);

/* Other memory for all slots: at addresses of its own, or at the address of the old memory. */
void trial_map_elsewhere(struct trial *trial);
void trial_map_same_address(struct trial *trial);

/* Actions for trial_act(); `argument` is the trial. 0 or a negated errno. */
long trial_unregister(void *argument);
long trial_replace(void *argument); /* unregister, then register the other memory */
long trial_update(void *argument);  /* all slots at once */

enum actor { ACT_OTHER_THREAD, ACT_SUBMITTER };

/*
 * Does the action while the requests are in flight, finds out whether it waits for them (for all
 * of them, or only for some), and lets them go. An action that fails, fails the point.
 */
void trial_act(struct trial *trial, const char *what, long (*action)(void *argument),
	       enum actor actor);

/* Lets all requests go, whatever holds them back. */
void trial_let_go(struct trial *trial);

/* Waits for one request and judges it; one of a chain may also be cancelled. */
struct landing trial_land_one(struct trial *trial, unsigned i);
/* All of them. */
void trial_land(struct trial *trial, struct findings *findings);
/* "no", "partly" or "yes" */
const char *trial_waited(const struct trial *trial);
/*
 * Of the requests that were in flight when the pins were counted, no more may have used their old
 * memory than had it pinned: the others wrote to pages that were no longer theirs. One that fails
 * instead harms nobody, so this can only be said when all have landed (`used_old`).
 */
void trial_judge_pins(struct trial *trial);
/* Judges the pins, unregisters what is registered, checks ring, tags and pins, and takes everything down. */
void trial_close(struct trial *trial);

/*
 * Prints `WHAT_waited` (did WHAT return only after the requests were let go?), `result`, `memory`
 * (which one they used) and `WHAT_ms`, the longest.
 */
void findings_observe(const struct findings *findings, const char *what);

/* Fails the point when a request used the new memory, where no design allows that. */
void findings_forbid_new(const struct findings *findings);

/* A whole point: `run->rounds` trials of the same kind. */
struct experiment {
	struct trial_plan plan;
	void (*prepare)(struct trial *trial); /* with the requests in flight; may be NULL */
	const char *what;                     /* the action, as observations name it */
	long (*action)(void *trial);
	enum actor actor;
};

void experiment_run(struct run *run, const struct experiment *experiment, struct findings *findings);
/* The commonest ones: another thread unregisters, or updates all slots; what was found is observed. */
void experiment_unregister(struct run *run, struct trial_plan plan, void (*prepare)(struct trial *trial));
void experiment_update(struct run *run, struct trial_plan plan, void (*prepare)(struct trial *trial));

/* The ring can still register a buffer, read into it and unregister it. */
void check_usable(struct ring *ring, struct rng *rng);
/* The same, then ring_check(), then the ring is closed. Nothing may be registered. */
void finish_ring(struct ring *ring, struct rng *rng);

#endif
