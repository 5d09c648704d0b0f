/*
 * Memory that is absent until the test provides it: whoever touches it, the kernel on behalf of a
 * system call too, waits there with all the locks that it holds. So the lock that a pipe, a file or
 * a ring needs can be kept for as long as a test wants. (userfaultfd(2), missing pages.)
 */
#ifndef RINGTRIAL_ABSENT_H
#define RINGTRIAL_ABSENT_H

#include <stdbool.h>
#include <stddef.h>

struct absent {
	int uffd;
	unsigned char *base;
	size_t length;          /* whole pages */
	unsigned char *content; /* what the memory held, and will hold */
};

/* Whole pages of anonymous memory. Skips the point where the kernel has no userfaultfd, or not for this user. */
void absent_begin(struct absent *absent, void *base, size_t length);
/* Waits until somebody has touched it; `who` must do so, or the test is broken. */
void absent_await_touch(struct absent *absent, const char *who);
/* Has somebody touched it within `ms`? */
bool absent_is_touched(struct absent *absent, unsigned ms);
/* Puts the content back, and lets go on who waits for it. */
void absent_end(struct absent *absent);
/* Lets go on who waits for it, without the content: after its addresses have been unmapped, say. */
void absent_give_up(struct absent *absent);

#endif
