import { knownChange, policyOfSide } from './policy-compare.ts';
import type { Policy } from './policy-schema.ts';
import { changeOfFailing, isFixed, type Rates, rateOf, type Significance, significances } from './rates.ts';
import { runsForFixed } from './statistics/claims.ts';
import { confidence, wilsonInterval } from './statistics/wilson.ts';
import { type PointResult, type Status, worst } from './status.ts';
import type { TestComparison, TestSide } from './verdict.ts';

interface Both {
  readonly name: string;
  readonly base: readonly PointResult[];
  readonly candidate: readonly PointResult[];
}

export interface CompareOptions {
  /** What the suite's policy makes of failures that base shows, too; `doubt` by default. */
  readonly failuresOfBase?: Policy['failuresOfBase'] | undefined;
  /** What p must be below for a difference to count; 0.05 by default. */
  readonly alpha?: number | undefined;
}

/** What each test did on both kernels, over all repetitions, and what that says. */
export function compareTests(
  base: readonly PointResult[],
  candidate: readonly PointResult[],
  options: CompareOptions = {},
): TestComparison[] {
  const [was, is] = [base, candidate].map((points) => Map.groupBy(points, ({ name }) => name));
  const names = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  const tests = [...names].map(
    (name): Both => ({ name, base: was?.get(name) ?? [], candidate: is?.get(name) ?? [] }),
  );
  const rates = tests.map(({ base, candidate }) => ({ base: rateOf(base), candidate: rateOf(candidate) }));
  const significance = significances(rates);
  return tests.map((test, index) =>
    compareTest(test, rates[index] as Rates, { ...options, ...(significance[index] as Significance) }),
  );
}

function compareTest(
  { name, base, candidate }: Both,
  rates: Rates,
  { failuresOfBase = 'doubt', alpha = 1 - confidence, p, pCorrected }: CompareOptions & Significance,
): TestComparison {
  const [before, after] = [side(base), side(candidate)];
  const differs = pCorrected < alpha;
  const change = knownChange(base, candidate, failuresOfBase) ?? changeOf([before, after], rates, differs);
  const comparable = rates.base.runs > 0 && rates.candidate.runs > 0;
  const mayBeFixed = rates.base.failures > 0 && rates.candidate.failures === 0;
  return {
    ...{ name, base: before, candidate: after, change },
    ...(comparable ? { p, pCorrected } : {}),
    ...(mayBeFixed ? { runsForFixed: runsForFixed(rates.base.failures, rates.base.runs) } : {}),
  };
}

/** Judged by what the tests themselves said: kernel reports are compared by signature, apart from the tests. */
function changeOf(
  [base, candidate]: readonly [TestSide, TestSide],
  rates: Rates,
  differs: boolean,
): TestComparison['change'] {
  if (candidate.own === 'FAIL') return changeOfFailing(rates, differs);
  if (candidate.own === 'ERROR' || candidate.own === 'MISS') return 'not observed';
  if (candidate.own === 'SKIP' && base.own !== 'SKIP') return 'no longer runs';
  if (base.own === 'FAIL') return isFixed(rates, differs) ? 'fixed' : 'flaky';
  return base.own === 'ERROR' || base.own === 'MISS' ? 'passes, base unknown' : 'same';
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
    ...rate(points),
    ...policyOfSide(points),
    ...lockdepUse(points),
    validated: points.filter((point) => !point.blind).length,
    counts,
    observations: points.map((point) => [...point.observations]),
    diagnostics: [...(points.find((point) => point.status === status)?.diagnostics ?? [])],
  };
}

function rate(points: readonly PointResult[]): Pick<TestSide, 'failures' | 'observed' | 'rate' | 'interval'> {
  const { failures, runs } = rateOf(points);
  if (runs === 0) return { failures, observed: runs };
  const [low, high] = wilsonInterval(failures, runs);
  return { failures, observed: runs, rate: failures / runs, interval: [low, high] };
}

function lockdepUse(points: readonly PointResult[]): Pick<TestSide, 'lockdepUse'> {
  const uses = points.flatMap((point) => point.lockdepUse ?? []);
  const fullest = uses.toSorted((a, b) => b.used - a.used)[0];
  return fullest ? { lockdepUse: fullest } : {};
}
