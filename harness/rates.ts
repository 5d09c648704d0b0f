import { runsForFixed } from './statistics/claims.ts';
import { attainable, fisherExact, type Table } from './statistics/fisher.ts';
import { corrected } from './statistics/holm.ts';
import { confidence } from './statistics/wilson.ts';
import type { PointResult } from './status.ts';

/** How often a test failed by itself on one kernel. Skipped runs do not count. */
export interface Rate {
  readonly failures: number;
  /** Runs that failed or passed. */
  readonly runs: number;
  /** Runs of which nobody knows. */
  readonly unobserved: number;
}

export interface Rates {
  readonly base: Rate;
  readonly candidate: Rate;
}

/** Whether chance explains the difference of two rates: Fisher's p, and the same corrected for the number of tests. */
export interface Significance {
  readonly p: number;
  readonly pCorrected: number;
}

export function rateOf(points: readonly Pick<PointResult, 'own'>[]): Rate {
  const count = (...own: PointResult['own'][]): number =>
    points.filter((point) => own.includes(point.own)).length;
  return { failures: count('FAIL'), runs: count('FAIL', 'PASS'), unobserved: count('ERROR', 'MISS') };
}

/** The significance of each test's difference, in the same order. */
export function significances(tests: readonly Rates[]): Significance[] {
  const each = tests.map((rates) => ({ p: fisherExact(rates), attainable: attainable(rates) }));
  return corrected(each).map((pCorrected, index) => ({ p: each[index]?.p ?? 1, pCorrected }));
}

/**
 * What the rates of a test that fails with the patch say. One failure is enough where base never fails, for
 * a failure is evidence of a bad kernel; a base that fails now and then, too, makes it doubtful, and then the patch
 * must fail so much more often that chance does not explain it.
 *
 * @param differs chance does not explain the difference of both rates
 */
export type FailureChange = 'regression' | 'fails, base unknown' | 'fails on both' | 'flaky';

export function changeOfFailing({ base, candidate }: Rates, differs: boolean): FailureChange {
  if (base.runs === 0) return 'fails, base unknown';
  if (base.failures === 0) {
    // What nobody saw of base may have been failures. Where even those would be too few, the patch is to blame.
    const worst: Table = {
      base: { failures: base.unobserved, runs: base.runs + base.unobserved },
      candidate,
    };
    return base.unobserved === 0 || fisherExact(worst) < 1 - confidence
      ? 'regression'
      : 'fails, base unknown';
  }
  if (always(base) && always(candidate)) return 'fails on both';
  return share(candidate) > share(base) && differs ? 'regression' : 'flaky';
}

/** Whether passes on the candidate show that a failure of base is gone: it always failed, or there are enough passes. */
export const isFixed = ({ base, candidate }: Rates, differs: boolean): boolean =>
  always(base) || differs || candidate.runs >= runsForFixed(base.failures, base.runs);

const always = ({ failures, runs }: Rate): boolean => runs > 0 && failures === runs;
const share = ({ failures, runs }: Rate): number => failures / runs;
