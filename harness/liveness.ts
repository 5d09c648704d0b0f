/** Whether lockdep is still looking, from the guest's /proc/lockdep_stats. */
export interface LockdepState {
  /** False once lockdep turned itself off: after its first report, or when its tables are full. */
  readonly watching: boolean;
  /** Use of each fixed-size table, 0 to 1. Lockdep turns itself off when one is full. */
  readonly used: Readonly<Record<string, number>>;
}

/**
 * Reads /proc/lockdep_stats (kernel/locking/lockdep_proc.c, lockdep_stats_show, 5.10 to 7.x):
 * ` debug_locks:   1` and lines of the form ` lock-classes:   812 [max: 8192]`.
 *
 * @returns undefined when the text has no `debug_locks` line, so that nobody takes silence for health
 */
export function parseLockdepStats(text: string): LockdepState | undefined {
  const debugLocks = /^\s*debug_locks:\s+(\d+)\s*$/m.exec(text);
  if (!debugLocks) return undefined;
  const used: Record<string, number> = {};
  for (const [, name = '', count, maximum] of text.matchAll(
    /^\s*([a-z][a-z -]*):\s+(\d+) \[max: (\d+)\]/gm,
  )) {
    used[name] = Number(count) / Number(maximum);
  }
  return { watching: debugLocks[1] === '1', used };
}
