import { cautiousRate, confidence } from './wilson.ts';

/**
 * How many passes in a row it takes to be sure that a failure is not there, when it shows in a share
 * of all runs: the chance that it hides in all of n runs is (1 - rate)^n. For "not even 1 in N" that is
 * about 3 N at 95 %, the rule of three (J. A. Hanley and A. Lippman-Hand, 1983).
 *
 * @param rate above 0, up to 1: the share of runs in which the failure shows where it is present
 * @param sure 0 to 1, both excluded
 */
export function passesNeeded(rate: number, sure: number = confidence): number {
  if (rate >= 1) return 1;
  return Math.ceil(Math.log(1 - sure) / Math.log1p(-rate));
}

/**
 * The highest failure rate that some runs do not rule out: the upper end of the exact binomial interval,
 * one-sided (C. J. Clopper and E. S. Pearson, 1934). 1 when all of them failed.
 *
 * @param runs at least 1
 */
export function notRuledOut(failures: number, runs: number, sure: number = confidence): number {
  if (failures >= runs) return 1;
  if (failures === 0) return -Math.expm1(Math.log(1 - sure) / runs);
  let [low, high] = [failures / runs, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(failures, runs, middle) > 1 - sure) low = middle;
    else high = middle;
  }
  return high;
}

/** The chance of at most so many failures in some runs, by their rate: 0 to 1, both excluded. */
export function atMost(failures: number, runs: number, rate: number): number {
  const [lost, won] = [Math.log(rate), Math.log1p(-rate)];
  let logChoices = 0;
  let sum = 0;
  for (let count = 0; count <= failures; count++) {
    sum += Math.exp(logChoices + count * lost + (runs - count) * won);
    logChoices += Math.log((runs - count) / (count + 1));
  }
  return Math.min(1, sum);
}

/**
 * How many runs must pass before a failure that base showed may be called fixed: the passes that its rate
 * asks for, and the rate is taken from the cautious end of what base showed.
 *
 * @param failures at least 1
 */
export const runsForFixed = (failures: number, runs: number): number =>
  passesNeeded(cautiousRate(failures, runs));
