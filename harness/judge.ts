import { type FoundReport, type PointResult, type Status, worst } from './status.ts';
import type { Behaviour, ReportComparison, TestComparison, TestSide, Verdict } from './verdict.ts';

/** What both kernels of a trial did. */
export interface Observed {
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
  /** The kernel did not boot to the end of its tests. */
  readonly bootFailure?: { readonly message: string };
}

/** A verdict without the facts of its trial. */
export type Judgement = Pick<Verdict, 'verdict' | 'summary' | 'reasons' | 'tests' | 'behaviours' | 'reports'>;
type Reason = Verdict['reasons'][number];

/**
 * Compares base and candidate. A pure function of what was observed.
 *
 * Rejected: a test fails on the candidate and not on base, or a kernel report appears on the
 * candidate alone. Inconclusive: nothing of that, but some test of the candidate could not be
 * observed, or was broken. Accepted: everything was observed and nothing got worse. A difference in
 * behaviour rejects only when `strict`.
 */
export function judge(base: Observed, candidate: Observed, options: { readonly strict: boolean }): Judgement {
  const tests = compareTests(base.points, candidate.points);
  const behaviours = compareBehaviours(tests);
  const reports = compareReports(base.reports, candidate.reports);
  const fresh = new Set(reports.flatMap((report) => (report.new ? [report.signature] : [])));
  const reasons = [
    ...reports.filter((report) => report.new).map(reasonOfReport),
    ...tests.flatMap((test) => reasonOfTest(test, candidate.points, fresh)),
    ...(options.strict ? behaviours.map(reasonOfBehaviour) : []),
    ...reasonsOfBoot(candidate),
    ...reasonsOfNothing(tests),
  ];
  return conclude({ reasons, tests, behaviours, reports });
}

/** The verdict that follows from the reasons, and its one line. */
export function conclude(judged: Omit<Judgement, 'verdict' | 'summary'>): Judgement {
  const { reasons, behaviours } = judged;
  const rejected = reasons.some((reason) => reason.weight === 'reject');
  const verdict = rejected ? 'rejected' : reasons.length > 0 ? 'inconclusive' : 'accepted';
  return { ...judged, verdict, summary: summarise(verdict, reasons, behaviours.length) };
}

function compareTests(base: readonly PointResult[], candidate: readonly PointResult[]): TestComparison[] {
  const names = new Set([...base, ...candidate].map((point) => point.name));
  return [...names].map((name) => {
    const before = side(base.filter((point) => point.name === name));
    const after = side(candidate.filter((point) => point.name === name));
    return { name, base: before, candidate: after, change: changeOf(before, after) };
  });
}

function side(points: readonly PointResult[]): TestSide {
  const status = worst(points.map((point) => point.status));
  const reason = points.find((point) => point.status === status)?.reason;
  const counts: Partial<Record<Status, number>> = {};
  for (const point of points) counts[point.status] = (counts[point.status] ?? 0) + 1;
  return {
    status,
    own: worst(points.map((point) => point.own)),
    ...(reason === undefined ? {} : { reason }),
    runs: points.length,
    validated: points.filter((point) => !point.blind).length,
    counts,
    observations: points.map((point) => [...point.observations]),
    diagnostics: [...(points.find((point) => point.status === status)?.diagnostics ?? [])],
  };
}

/** Judged by what the tests themselves said: kernel reports are compared by signature, apart from the tests. */
function changeOf(base: TestSide, candidate: TestSide): TestComparison['change'] {
  if (candidate.own === 'FAIL') {
    if (base.own === 'FAIL') return 'fails on both';
    // Where base was not observed, nobody knows whether the failure is the patch's doing.
    return base.own === 'PASS' ? 'regression' : 'fails, base unknown';
  }
  if (candidate.own === 'ERROR' || candidate.own === 'MISS') return 'not observed';
  if (candidate.own === 'SKIP' && base.own !== 'SKIP') return 'no longer runs';
  if (base.own === 'FAIL') return 'fixed';
  return base.own === 'ERROR' || base.own === 'MISS' ? 'passes, base unknown' : 'same';
}

function reasonOfTest(
  test: TestComparison,
  points: readonly PointResult[],
  fresh: ReadonlySet<string>,
): Reason[] {
  const why = test.candidate.reason === undefined ? '' : `: ${test.candidate.reason}`;
  switch (test.change) {
    case 'regression':
      return [
        {
          weight: 'reject',
          subject: test.name,
          text: `${test.name} fails with the patch and not without${why}`,
        },
      ];
    case 'fails, base unknown':
      return [
        {
          weight: 'doubt',
          subject: test.name,
          text: `${test.name} fails with the patch, and base was ${test.base.own}${why}`,
        },
      ];
    case 'not observed':
      // A new report that blinds the tests of its time is the reason; they need not be one each.
      if (points.some((point) => point.name === test.name && point.reports.some((one) => fresh.has(one))))
        return [];
      return [
        {
          weight: 'doubt',
          subject: test.name,
          text: `${test.name} could not be observed with the patch (${test.candidate.own})${why}`,
        },
      ];
    case 'no longer runs':
      return [
        {
          weight: 'doubt',
          subject: test.name,
          text: `${test.name} runs without the patch and is skipped with it${why}`,
        },
      ];
    // A failure that base has too hides whatever the patch does there.
    case 'fails on both':
      return [
        {
          weight: 'doubt',
          subject: test.name,
          text: `${test.name} fails without the patch too, so it says nothing about the patch${why}`,
        },
      ];
    // What the patched kernel does is known, and it is good: nothing here speaks against the patch.
    case 'passes, base unknown':
    case 'fixed':
    case 'same':
      return [];
  }
}

const reasonOfReport = (report: ReportComparison): Reason => ({
  weight: 'reject',
  subject: report.signature,
  text: `a kernel report that base does not give: ${report.title}`,
});

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

/** Exact observations whose values on the two kernels have nothing in common. */
function compareBehaviours(tests: readonly TestComparison[]): Behaviour[] {
  // What a test saw before it failed is no behaviour.
  const compared = tests.filter((test) => test.base.own === 'PASS' && test.candidate.own === 'PASS');
  return compared.flatMap((test) => {
    const keys = new Set([...exactKeys(test.base), ...exactKeys(test.candidate)]);
    return [...keys].flatMap((key): Behaviour[] => {
      const base = valuesOf(test.base, key);
      const candidate = valuesOf(test.candidate, key);
      const disjoint =
        base.length > 0 && candidate.length > 0 && !base.some((value) => candidate.includes(value));
      return disjoint ? [{ test: test.name, key, base, candidate }] : [];
    });
  });
}

const exactKeys = (side: TestSide): string[] =>
  side.observations
    .flat()
    .flatMap((observation) => (observation.unit === undefined ? [observation.key] : []));

const valuesOf = (side: TestSide, key: string): string[] => [
  ...new Set(
    side.observations
      .flat()
      .filter((observation) => observation.unit === undefined && observation.key === key)
      .map((observation) => observation.value),
  ),
];

function compareReports(base: readonly FoundReport[], candidate: readonly FoundReport[]): ReportComparison[] {
  const signatures = new Set([...base, ...candidate].map((report) => report.signature));
  return [...signatures].map((signature) => {
    const before = base.filter((report) => report.signature === signature);
    const after = candidate.filter((report) => report.signature === signature);
    const first = after[0] ?? before[0];
    return {
      signature,
      kind: first?.kind ?? '',
      title: first?.title ?? '',
      base: before.length,
      candidate: after.length,
      new: before.length === 0,
      programs: [...new Set(after.concat(before).flatMap((report) => report.program ?? []))],
      console: first?.console ?? '',
      start: first?.start ?? 0,
      end: first?.end ?? 0,
      text: first?.text ?? '',
    };
  });
}

function summarise(verdict: Verdict['verdict'], reasons: readonly Reason[], behaviours: number): string {
  const changed = behaviours === 0 ? '' : `, ${behaviours} behaviour${behaviours === 1 ? '' : 's'} changed`;
  if (verdict === 'accepted') return `accepted${changed}`;
  const weightiest = reasons.filter((reason) => verdict !== 'rejected' || reason.weight === 'reject');
  const more = weightiest.length > 1 ? ` (and ${weightiest.length - 1} more)` : '';
  return `${verdict}: ${weightiest[0]?.text ?? ''}${more}`;
}
