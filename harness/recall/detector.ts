import { isKnownFailure } from '../policy-compare.ts';
import type { FoundReport, PointResult } from '../status.ts';
import { attribute } from '../triage/attribute.ts';
import type { CodeChanges } from '../triage/changes.ts';
import type { MutantRow } from './schema.ts';

export type Alarm = MutantRow['how'][number];

/** Which detector a kind of kernel report belongs to, by the first rule that fits. */
const byKind: readonly (readonly [RegExp, Alarm['detector']])[] = [
  [/^lockdep/, 'lockdep'],
  [/^(?:kasan|kfence|kmsan|ubsan|slub|bad\.)/, 'kasan'],
  [/^kcsan/, 'kcsan'],
  [/^refcount/, 'refcount'],
  [/^kmemleak/, 'leak'],
  [/^(?:hung|softlockup|hardlockup|rcu|wq)/, 'hang'],
];

const ofReport = ({ report, program }: FoundReport): Alarm => ({
  detector: byKind.find(([kind]) => kind.test(report.kind))?.[1] ?? 'warn',
  program,
  text: report.title,
});

const ofPoint = ({ name, program, reason = 'failed' }: PointResult): Alarm => ({
  detector: /^hang|has not returned/.test(reason) ? 'hang' : 'functional',
  program,
  text: `${name}: ${reason}`,
});

/** What one kernel did in a number of runs. */
export interface Seen {
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
}

/** What speaks against a kernel: points that failed by their own word, not as such kernels are known to, and kernel reports. Each with its repetition. */
export const alarms = ({ points, reports }: Seen): (Alarm & { readonly repetition: number })[] => [
  ...reports.map((found) => ({ ...ofReport(found), repetition: found.repetition })),
  ...points
    .filter((point) => point.own === 'FAIL' && !isKnownFailure(point))
    .map((point) => ({ ...ofPoint(point), repetition: point.repetition })),
];

const metByChance = (report: FoundReport['report'], changes: CodeChanges): boolean =>
  report.kind.startsWith('kcsan') && attribute(report, { changes }).cause === 'unrelated';

/**
 * What speaks against a mutant and not against base: a failure that base has too tells nothing, and
 * no more does a data race in other code than the mutant changes, for which of a kernel's races
 * KCSAN meets is chance.
 *
 * @param changes what the mutant changes; undefined: unknown, and every race counts
 */
export function against(base: Seen, mutant: Seen, changes?: CodeChanges): ReturnType<typeof alarms> {
  const known = new Set(base.reports.map(({ report }) => report.signature));
  const well = base.points.filter((point) => point.own === 'PASS' || isKnownFailure(point));
  const passing = new Set(well.map(({ name }) => name));
  const ill = base.points.filter((point) => point.own === 'FAIL' && !isKnownFailure(point));
  const failing = new Set(ill.map(({ name }) => name));
  return alarms({
    reports: mutant.reports.filter(
      ({ report }) => !known.has(report.signature) && !(changes && metByChance(report, changes)),
    ),
    points: mutant.points.filter(({ name }) => passing.has(name) && !failing.has(name)),
  });
}
