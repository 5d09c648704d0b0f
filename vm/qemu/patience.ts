import { readdirSync, readFileSync } from 'node:fs';

/** A deadline is put off by at most so many times itself: every wait ends. */
const mostTimes = 3;
/** When the most patient wait for something is over, in milliseconds after its beginning. */
export const mostPatientMs = (deadlineMs: number): number => (1 + mostTimes) * deadlineMs;

/** Less than this is not worth another look. */
const leastMs = 100;

/**
 * How much longer to wait for a guest whose deadline has passed: a guest that waits for one of the host's
 * processors stands still and does not age. What a busy host makes slow is no hang.
 *
 * @param waitedMs how long the guest has waited for a processor since its start; see `processorWaitMs`
 * @returns for `atDeadline`: each time it is asked, what came in addition since it was last asked
 */
export function patience(deadlineMs: number, waitedMs: () => number): () => number {
  const before = waitedMs();
  let granted = 0;
  return () => {
    const owed = Math.min(waitedMs() - before, mostTimes * deadlineMs) - granted;
    if (owed < leastMs) return 0;
    granted += owed;
    return owed;
  };
}

/**
 * How long that thread of a process which had to wait longest has been runnable and not run, in milliseconds:
 * the second number of /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst, nanoseconds).
 * 0 where the host's kernel does not count it, or when the process is gone.
 */
export function processorWaitMs(pid: number): number {
  try {
    const tasks = `/proc/${pid}/task`;
    return Math.max(0, ...readdirSync(tasks).map((thread) => threadWaitMs(`${tasks}/${thread}`)));
  } catch {
    return 0;
  }
}

function threadWaitMs(directory: string): number {
  try {
    return Number(readFileSync(`${directory}/schedstat`, 'utf8').split(' ')[1]) / 1e6 || 0;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
