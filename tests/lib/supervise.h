/*
 * Runs one point in a process of its own and always comes back with an outcome: when the point
 * crashes, when it hangs where no signal reaches it, when its process cannot die. What the point
 * prints is relayed, so a process that is stuck in the kernel does not hold this program's stdout
 * (an SSH session would wait for it for ever).
 */
#ifndef RINGTRIAL_SUPERVISE_H
#define RINGTRIAL_SUPERVISE_H

#include "clock.h"
#include "point.h"
#include "program.h"

/*
 * `program_deadline` is when the whole program must be through; a point gets POINT_MS at most, and
 * `run->extra_ms`.
 */
void supervise_point(const struct point *point, const struct run *run,
		     struct deadline program_deadline, struct point_outcome *outcome);

#endif
