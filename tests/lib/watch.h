/*
 * The watchdog: no system call of a test may take for ever unnoticed. hung_task does not see
 * interruptible waits (an unregister that waits for requests is one), so each call that may block
 * says so before and after, and a thread that does nothing else looks at the clock.
 *
 * When a call is overdue, the point fails with the call's name, the state of all threads and of all
 * rings, and ends. It also ends, sooner, when the kernel has oopsed meanwhile: what the victim held
 * or was to complete is lost, and all that could still come is time-outs.
 */
#ifndef RINGTRIAL_WATCH_H
#define RINGTRIAL_WATCH_H

/* Starts the watchdog of this point's process. */
void watch_begin_point(void);

/* `what` must outlive the watch: a literal, or text that lives as long as the call. */
int watch_begin(const char *what, unsigned ms);
void watch_end(int slot);

#endif
