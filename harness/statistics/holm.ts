/** A test of a discrete distribution: its p-value, and those that it could have given. */
export interface DiscreteTest {
  readonly p: number;
  readonly attainable: readonly number[];
}

/**
 * P-values corrected for the number of tests, step by step down from the smallest (S. Holm, 1979), which
 * bounds the chance that even one of them speaks falsely. Benjamini and Hochberg's correction would only
 * bound the share of those that do, but a verdict rejects on a single test: with a suite of two hundred
 * points that have nothing to do with the patch it would reject one good patch after the other.
 *
 * Holm charges each p-value once for each test. Here each test is charged for what it really could have
 * contributed: the largest p-value up to this one that it can give at all (P. H. Westfall and
 * R. D. Wolfinger, 1997). A point that never failed can give 1 only, and so costs nothing; without that, a suite's
 * passing points would hide its failing ones.
 *
 * @returns in the order of the tests, each at most 1
 */
export function corrected(tests: readonly DiscreteTest[]): number[] {
  const order = tests.map((_, index) => index).toSorted((a, b) => pOf(tests, a) - pOf(tests, b));
  const results = tests.map(() => 1);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    const p = pOf(tests, index);
    const charge = order.slice(rank).reduce((sum, other) => sum + share(tests[other], p), 0);
    highest = Math.max(highest, Math.min(1, charge));
    results[index] = highest;
  }
  return results;
}

const pOf = (tests: readonly DiscreteTest[], index: number): number => tests[index]?.p ?? 1;

/** Equal p-values of two tests may differ in their last digits. */
const rounding = 1 + 1e-9;

const share = (test: DiscreteTest | undefined, p: number): number =>
  Math.max(0, ...(test?.attainable ?? []).filter((value) => value <= p * rounding));
