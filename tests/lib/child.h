/*
 * Processes of a point that are there to come to an end: forked by the point, they die with it.
 *
 *   struct child child;
 *   if (child_start(&child) == CHILD_SELF) {
 *           ...
 *           child_say(&child);
 *           _exit(CHILD_DONE);
 *   }
 *   child_await_word(&child);
 *   child_expect_end(&child, CHILD_DONE << 8);
 *
 * A child may use fail_now(), skip_now() and so on: then the whole point ends that way. It has no
 * watchdog; the parent's waits are watched.
 */
#ifndef RINGTRIAL_CHILD_H
#define RINGTRIAL_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* An exit status that neither a broken test nor a signal gives. */
#define CHILD_DONE 42

/* When all that a task held must have been given back, whatever was in flight. */
#define TASK_GONE_MS 5000u

struct child {
	pid_t pid;
	int to_parent[2];
	int to_child[2];
};

enum child_side { CHILD_SELF, CHILD_PARENT };

enum child_side child_start(struct child *child);

/* In the child: says a word; waits for the parent's word, and exits when the parent is gone. */
void child_say(const struct child *child);
void child_await_parent(const struct child *child);

/* In the parent: the same; a child that ended without a word ends the point. */
void child_await_word(struct child *child);
void child_tell(const struct child *child);

/* Waits for the end; `status` as waitpid(2) gives it. Anything else fails the point. */
void child_expect_end(struct child *child, int status);

/*
 * Waits until no more pages are pinned than `pins_before` (see pins.h); fails the point when that
 * takes longer than TASK_GONE_MS.
 */
void task_gone(long pins_before);
/* The same for kernel threads that work for rings; once at the end of a point is enough. */
void rings_gone(void);

#endif
