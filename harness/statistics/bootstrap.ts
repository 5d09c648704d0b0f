import { confidence, type Interval } from './wilson.ts';

/** Measurements of one kernel, by the run that they come from: those of one run resemble each other. */
export type Runs = readonly (readonly number[])[];

export interface Difference {
  /** The quantile on each kernel. */
  readonly base: number;
  readonly candidate: number;
  /** Candidate minus base, in the unit of the measurements, with its interval at 95 %. */
  readonly difference: number;
  readonly differenceInterval: Interval;
  /** How many of its standard errors the difference is away from zero, whichever way; Infinity where it has none. */
  readonly standardErrors: number;
  /** Candidate by base, with its interval at 95 %; undefined where base may be 0. */
  readonly ratio?: number;
  readonly ratioInterval?: Interval;
}

const resamples = 1000;

/**
 * Compares a quantile of two kernels' measurements by bootstrap percentile intervals (B. Efron, 1979).
 * Both runs and the measurements within each are drawn again: runs differ among themselves, too, and
 * intervals that forget that are far too narrow (A. C. Davison and D. V. Hinkley, 1997, section 3.8). The same
 * measurements give the same interval: the random numbers begin with the same seed each time.
 *
 * @param part of the measurements below the quantile, 0 to 1; 0.5 is the median
 * @param base at least one measurement, as `candidate`
 */
export function compareQuantile(base: Runs, candidate: Runs, part = 0.5): Difference {
  const random = generator(0x5eed);
  const [was, is] = [resampler(base, part), resampler(candidate, part)];
  const differences: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < resamples; round++) {
    const [before, after] = [was.draw(random), is.draw(random)];
    differences.push(after - before);
    ratios.push(after / before);
  }
  const result = {
    base: was.whole,
    candidate: is.whole,
    difference: is.whole - was.whole,
    differenceInterval: percentiles(differences),
    standardErrors: inStandardErrors(is.whole - was.whole, differences),
  };
  return ratios.every((ratio) => Number.isFinite(ratio) && ratio >= 0)
    ? { ...result, ratio: is.whole / was.whole, ratioInterval: percentiles(ratios) }
    : result;
}

/**
 * Whether a difference is one, although it is the largest of so many: among a hundred intervals at 95 % five leave out
 * zero where nothing differs. The limit is Bonferroni's, for a normal distribution of which at most exp(-z²/2) lies
 * beyond z standard errors on both sides; the percentiles of a thousand resamples do not reach that far out.
 *
 * @param of how many differences were looked at, at least 1
 */
export function differsAmong({ differenceInterval, standardErrors }: Difference, of: number): boolean {
  if (!leavesOutZero(differenceInterval)) return false;
  return of === 1 || standardErrors > Math.sqrt(2 * Math.log(of / (1 - confidence)));
}

/** Whether an interval of a difference says by itself that there is one. */
export const leavesOutZero = ([low, high]: Interval): boolean => low > 0 || high < 0;

function inStandardErrors(difference: number, resampled: readonly number[]): number {
  if (difference === 0) return 0;
  const mean = resampled.reduce((sum, value) => sum + value, 0) / resampled.length;
  const squares = resampled.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.abs(difference) / Math.sqrt(squares / (resampled.length - 1));
}

/** A quantile of numbers in ascending order, at least one, interpolated between neighbours (type 7 of R. J. Hyndman and Y. Fan, 1996). */
export function quantile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
}

const percentiles = (values: readonly number[]): Interval => {
  const sorted = values.toSorted((a, b) => a - b);
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
};

interface Resampler {
  /** The quantile of the measurements themselves. */
  readonly whole: number;
  /** The quantile of as many that were drawn from them. */
  readonly draw: (random: () => number) => number;
}

/** Sorts once: a resample is then how often each rank was drawn. */
function resampler(runs: Runs, part: number): Resampler {
  const filled = runs.filter((run) => run.length > 0);
  const sorted = filled
    .flatMap((run, index) => run.map((value) => ({ value, index })))
    .toSorted((a, b) => a.value - b.value);
  const ranks: number[][] = filled.map(() => []);
  for (const [rank, { index }] of sorted.entries()) ranks[index]?.push(rank);
  const values = sorted.map(({ value }) => value);
  const counts = new Uint32Array(values.length);
  const pick = (random: () => number, length: number): number => Math.floor(random() * length);
  return {
    whole: quantile(values, part),
    draw(random) {
      counts.fill(0);
      let drawn = 0;
      for (let run = 0; run < ranks.length; run++) {
        const own = ranks[pick(random, ranks.length)] ?? [];
        for (let count = 0; count < own.length; count++) {
          const rank = own[pick(random, own.length)] ?? 0;
          counts[rank] = (counts[rank] ?? 0) + 1;
        }
        drawn += own.length;
      }
      return quantileOfCounts(values, counts, part * (drawn - 1));
    },
  };
}

/** The value at a place, from 0, in the list that holds each value so often as it is counted. */
function quantileOfCounts(values: readonly number[], counts: Uint32Array, place: number): number {
  const [low, high] = [Math.floor(place), Math.ceil(place)];
  let [seen, below] = [0, NaN];
  for (let rank = 0; rank < values.length; rank++) {
    seen += counts[rank] ?? 0;
    const value = values[rank] ?? NaN;
    if (Number.isNaN(below) && seen > low) below = value;
    if (seen > high) return below + (value - below) * (place - low);
  }
  return below;
}

/** Random numbers from 0 to 1, 1 excluded: the same ones for the same seed (xorshift32, G. Marsaglia, 2003). */
export function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
