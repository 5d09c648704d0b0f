import type { TableUse } from './status.ts';
import { type Dependencies, parseDependencies } from './triage/dependencies.ts';

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

/** The table that lockdep will run out of first. */
export const fullestTable = ({ used }: LockdepState): TableUse | undefined =>
  Object.entries(used)
    .map(([table, share]) => ({ table, used: share }))
    .toSorted((a, b) => b.used - a.used)[0];

/** What a guest says of itself after a test. */
export interface Vitals {
  readonly lockdep: LockdepState | undefined;
  /** The lock orders that lockdep knows. */
  readonly orders: Dependencies | undefined;
  /** Bits of /proc/sys/kernel/tainted (Documentation/admin-guide/tainted-kernels.rst). */
  readonly taint: number | undefined;
  /** Tasks in uninterruptible sleep: somebody still waits for something the test did. */
  readonly blocked: readonly string[];
}

/** Above the lock orders in the output of `vitalsCommand`. */
const ordersMark = 'ringtrial: lock orders';

/** Prints what `parseVitals` reads. One command, for each one costs a tenth of a second under emulation. */
export const vitalsCommand = [
  'cat /proc/lockdep_stats 2>/dev/null',
  'echo "tainted: $(cat /proc/sys/kernel/tainted)"',
  "grep -l '^State:.D' /proc/[0-9]*/task/[0-9]*/status 2>/dev/null",
  `echo '${ordersMark}'`,
  'cat /proc/lockdep 2>/dev/null',
].join('; ');

export function parseVitals(text: string): Vitals {
  const [state = '', orders = ''] = text.split(`${ordersMark}\n`);
  const taint = /^tainted: (\d+)$/m.exec(state)?.[1];
  return {
    lockdep: parseLockdepStats(state),
    orders: parseDependencies(orders),
    taint: taint === undefined ? undefined : Number(taint),
    blocked: [...state.matchAll(/^\/proc\/\d+\/task\/(\d+)\/status$/gm)].map((match) => match[1] ?? ''),
  };
}

/** Taint bits that only a kernel report sets: bad page, died, warned, soft lockup (include/linux/panic.h). */
const reportTaints: readonly (readonly [bit: number, letter: string])[] = [
  [5, 'B'],
  [7, 'D'],
  [9, 'W'],
  [14, 'L'],
];

/** Letters of the taints that came with a report, among those that are new. */
export const newReportTaints = (before: number, after: number): string =>
  reportTaints
    .filter(([bit]) => ((after & ~before) >> bit) & 1)
    .map(([, letter]) => letter)
    .join('');

/** What a test's window in a guest looked like, for `blindness`. */
export interface Window {
  /** Undefined when the guest was not there to be asked. */
  readonly vitals: Vitals | undefined;
  /** Everything the kernel printed up to its end has arrived in the console log. */
  readonly consoleSynced: boolean;
  /** kmemleak has looked for leaks, where the kernel has it. */
  readonly leaksSought: boolean;
  /** Why the console log is incomplete. */
  readonly consoleProblem: string | undefined;
  /** Whether the kernel was built with lockdep. */
  readonly lockdep: boolean;
  readonly taintBefore: number;
  /** Kernel reports found in the window. */
  readonly reports: number;
}

/** Why nobody would have heard a complaint of the kernel in a window, if that is so. */
export function blindness(window: Window): string | undefined {
  const { vitals } = window;
  if (window.consoleProblem !== undefined) return window.consoleProblem;
  if (!vitals) return 'the guest ended before it could be asked about lockdep';
  if (!window.consoleSynced) return 'the console was silent: reports may be missing';
  if (!window.leaksSought) return 'kmemleak did not look for leaks';
  if (window.lockdep && !vitals.lockdep) return 'the guest did not say whether lockdep is still on';
  if (window.lockdep && vitals.lockdep?.watching === false) return 'lockdep had turned itself off';
  if (vitals.taint === undefined) return 'the guest did not say whether its kernel is tainted';
  const taints = newReportTaints(window.taintBefore, vitals.taint);
  // The kernel says that it complained, and no complaint was found: the log reader missed it.
  return taints !== '' && window.reports === 0
    ? `the kernel became tainted (${taints}) and no report of it was found on the console`
    : undefined;
}
