/*
 * Lets everything happen that the kernel has already set in motion, so that "it still waits" is a
 * conclusion and not a guess about how long things take on this machine.
 */
#ifndef RINGTRIAL_SETTLE_H
#define RINGTRIAL_SETTLE_H

/*
 * On every CPU: an RCU grace period passes, the callbacks queued there before it are run, and the
 * work items queued there on the system workqueue before it are started (pins_refresh() is such a
 * work item). Where the kernel offers no way to say so (one CPU, not root) it sleeps instead.
 */
void settle(void);

#endif
