import { compareBehaviours } from './behaviours.ts';
import { compareReports } from './compare-reports.ts';
import { type CompareOptions, compareTests } from './compare-tests.ts';
import type { KnownReports } from './known-reports.ts';
import { compareOrders, type OrderRecord } from './lock-orders.ts';
import { compareMeasurements, reasonsOfSlowness, type SlownessRules } from './measurements.ts';
import type { FoundReport, PointResult } from './status.ts';
import { reasonOfTest } from './test-reasons.ts';
import type { CodeChanges } from './triage/changes.ts';
import type { Dependencies } from './triage/dependencies.ts';
import type { Behaviour, LockOrder, ReportComparison, TestComparison, Verdict } from './verdict.ts';

/** What both kernels of a trial did. */
export interface Observed {
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
  readonly orders: readonly OrderRecord[];
  /** The kernel did not boot to the end of its tests. */
  readonly bootFailure?: { readonly message: string };
}

/** A verdict without the facts of its trial. */
export type Judgement = Pick<
  Verdict,
  | 'verdict'
  | 'summary'
  | 'reasons'
  | 'tests'
  | 'behaviours'
  | 'measurements'
  | 'reports'
  | 'knownReports'
  | 'lockOrders'
>;

export interface JudgeOptions extends CompareOptions {
  /** A changed behaviour rejects. */
  readonly strict: boolean;
  /** How much slower something may become, by test and measurement; nothing decides where it is left out. */
  readonly slowness?: SlownessRules | undefined;
  /** Reports that are accepted although the candidate alone may give them. */
  readonly known?: KnownReports | undefined;
  /** What the candidate changes in the code, which reports are attributed to. */
  readonly changes: CodeChanges;
  /** The lock orders that base recorded, in earlier runs too; undefined: its lockdep was not asked. */
  readonly baseOrders?: Dependencies | undefined;
}

type Reason = Verdict['reasons'][number];

/**
 * Compares base and candidate. A pure function of what was observed.
 *
 * Rejected: a test fails on the candidate and not on base, or more often than chance explains, or a kernel
 * report appears on the candidate alone. Inconclusive: nothing of that, but some test of the candidate could not be
 * observed, or was broken, or two tests took the same locks in opposite orders. Accepted: everything was observed and nothing got worse. A difference in
 * behaviour rejects only when `strict`.
 */
export function judge(
  base: Observed,
  candidate: Observed,
  { strict, slowness, known, changes, baseOrders, ...options }: JudgeOptions,
): Judgement {
  const tests = compareTests(base.points, candidate.points, options);
  const behaviours = compareBehaviours(tests);
  const measurements = compareMeasurements(base.points, candidate.points);
  const reports = compareReports(base.reports, candidate.reports, {
    changes,
    base: base.reports.map(({ report }) => report),
    orders: baseOrders,
    known,
  });
  const lockOrders = compareOrders(baseOrders, candidate.orders, changes);
  const fresh = new Set(reports.flatMap((report) => (report.new ? [report.signature] : [])));
  const reasons = [
    ...reports.filter((report) => report.new).map(reasonOfReport),
    ...tests.flatMap((test) => reasonOfTest(test, candidate.points, fresh)),
    ...(strict ? behaviours.map(reasonOfBehaviour) : []),
    ...reasonsOfSlowness(tests, measurements, slowness),
    ...lockOrders.flatMap(reasonOfOrder),
    ...reasonsOfBoot(candidate),
    ...reasonsOfNothing(tests),
  ];
  return conclude({
    ...{ reasons, tests, behaviours, measurements, reports, lockOrders },
    ...(known ? { knownReports: known.account(reports) } : {}),
  });
}

/** The verdict that follows from the reasons, and its one line. */
export function conclude(judged: Omit<Judgement, 'verdict' | 'summary'>): Judgement {
  const { reasons, behaviours } = judged;
  const rejected = reasons.some((reason) => reason.weight === 'reject');
  const verdict = rejected ? 'rejected' : reasons.length > 0 ? 'inconclusive' : 'accepted';
  return { ...judged, verdict, summary: summarise(verdict, reasons, behaviours.length) };
}

function blame({ attribution }: ReportComparison): string {
  if (attribution?.cause === 'introduced') return ', from code that the patch changes';
  return attribution?.cause === 'unrelated' ? ', which nothing connects with the patch' : '';
}

/**
 * KCSAN watches a few accesses, drawn at random: it meets a race of base on one of the two kernels by
 * chance. One that nothing connects with the patch is a doubt.
 */
const metByChance = ({ kind, attribution }: ReportComparison): boolean =>
  kind.startsWith('kcsan') && attribution?.cause === 'unrelated';

const reasonOfReport = (report: ReportComparison): Reason => ({
  weight: metByChance(report) ? 'doubt' : 'reject',
  subject: report.signature,
  text: `a kernel report that base does not give: ${report.title}${blame(report)}`,
});

/** Lockdep itself would have spoken had one kernel seen both orders; no test made one do so. */
const reasonOfOrder = ({ from, to, meaning, path, ambiguous, programs }: LockOrder): Reason[] =>
  meaning !== 'opposite' || ambiguous
    ? []
    : [
        {
          weight: 'doubt',
          subject: `${from} -> ${to}`,
          text: `with the patch ${to} is taken while ${from} is held (${programs.join(', ')}), and the opposite order ${path?.join(' -> ') ?? ''} is recorded too`,
        },
      ];

const reasonOfBehaviour = (change: Behaviour): Reason => ({
  weight: 'reject',
  subject: change.test,
  text: `behaviour changed: ${change.test} ${change.key} ${change.base.join('|')} -> ${change.candidate.join('|')}`,
});

/** Base did boot, or there would be nothing to compare with. */
const reasonsOfBoot = (candidate: Observed): Reason[] =>
  candidate.bootFailure
    ? [
        {
          weight: 'reject',
          subject: 'boot',
          text: `the patched kernel does not boot: ${candidate.bootFailure.message.split('\n').slice(0, 2).join(' ')}`,
        },
      ]
    : [];

/** Silence is no acceptance. */
const reasonsOfNothing = (tests: readonly TestComparison[]): Reason[] =>
  tests.some((test) => test.candidate.own === 'PASS')
    ? []
    : [
        {
          weight: 'doubt',
          subject: 'suite',
          text: 'no test passed on the patched kernel, so nothing is known of it',
        },
      ];

function summarise(verdict: Verdict['verdict'], reasons: readonly Reason[], behaviours: number): string {
  const changed = behaviours === 0 ? '' : `, ${behaviours} behaviour${behaviours === 1 ? '' : 's'} changed`;
  if (verdict === 'accepted') return `accepted${changed}`;
  const weightiest = reasons.filter((reason) => verdict !== 'rejected' || reason.weight === 'reject');
  const more = weightiest.length > 1 ? ` (and ${weightiest.length - 1} more)` : '';
  return `${verdict}: ${weightiest[0]?.text ?? ''}${more}`;
}
