import { describe, expect, test } from 'vitest';
import { compareQuantile, differsAmong, generator, quantile } from './bootstrap.ts';

/** So many runs of 30 measurements around a middle, each run with an offset of its own. */
function runs(count: number, middle: number, { within = 10, between = 0, seed = 1 } = {}): number[][] {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const offset = (random() - 0.5) * between;
    return Array.from({ length: 30 }, () => middle + offset + (random() - 0.5) * within);
  });
}

describe('compareQuantile', () => {
  test('finds a ratio, and the interval holds it', () => {
    const { ratio, ratioInterval } = compareQuantile(runs(5, 100), runs(5, 250, { seed: 2 }));
    expect(ratio).toBeCloseTo(2.5, 1);
    expect(ratioInterval?.[0]).toBeGreaterThan(2.35);
    expect(ratioInterval?.[0]).toBeLessThan(2.5);
    expect(ratioInterval?.[1]).toBeGreaterThan(2.5);
    expect(ratioInterval?.[1]).toBeLessThan(2.65);
  });

  test('gives the same answer each time', () => {
    const [base, candidate] = [runs(3, 100), runs(3, 104, { seed: 2 })];
    expect(compareQuantile(base, candidate)).toEqual(compareQuantile(base, candidate));
  });

  test('holds no difference where there is none, in about 95 of 100 trials', () => {
    let held = 0;
    for (let trial = 0; trial < 100; trial++) {
      const { differenceInterval: interval } = compareQuantile(
        runs(10, 100, { between: 20, seed: 2 * trial + 1 }),
        runs(10, 100, { between: 20, seed: 2 * trial + 2 }),
      );
      if (interval[0] <= 0 && interval[1] >= 0) held++;
    }
    expect(held).toBeGreaterThan(87);
  });

  test('knows that runs differ among themselves', () => {
    const width = (between: number): number => {
      const { differenceInterval: interval } = compareQuantile(
        runs(6, 100, { between }),
        runs(6, 100, { between, seed: 2 }),
      );
      return interval[1] - interval[0];
    };
    expect(width(40)).toBeGreaterThan(3 * width(0));
  });

  test('zeros have a difference and no ratio', () => {
    const result = compareQuantile([[0, 0, 0]], [[5, 5, 5]]);
    expect(result).toMatchObject({ difference: 5, differenceInterval: [5, 5] });
    expect(result.ratio).toBeUndefined();
  });

  test('a high quantile is looked for among the high ones', () => {
    const tail = (far: number): number[][] => [Array.from({ length: 1000 }, (_, at) => (at < 970 ? 1 : far))];
    expect(compareQuantile(tail(5), tail(50), 0.99).ratio).toBe(10);
    expect(compareQuantile(tail(5), tail(50), 0.5).ratio).toBe(1);
  });
});

describe('a sure difference', () => {
  const many = 100;
  const alike = Array.from({ length: many }, (_, index) =>
    compareQuantile(
      runs(10, 100, { between: 20, seed: 2 * index + 1 }),
      runs(10, 100, { between: 20, seed: 2 * index + 2 }),
    ),
  );

  test('is hardly ever seen among many that are alike, though some intervals leave out zero', () => {
    expect(alike.filter((one) => differsAmong(one, 1)).length).toBeGreaterThan(0);
    expect(alike.filter((one) => differsAmong(one, many))).toEqual([]);
  });

  test('is seen among many where it is large', () => {
    const slower = compareQuantile(runs(10, 100, { between: 20 }), runs(10, 150, { between: 20, seed: 2 }));
    expect(differsAmong(slower, many)).toBe(true);
  });

  test('of values that never vary is one', () => {
    expect(differsAmong(compareQuantile([[1], [1]], [[2], [2]]), many)).toBe(true);
    expect(differsAmong(compareQuantile([[1], [1]], [[1], [1]]), many)).toBe(false);
  });
});

test('quantile interpolates as R does by default: quantile(c(1, 2, 3, 10), c(0.25, 0.5, 0.99))', () => {
  const at = (part: number): number => quantile([1, 2, 3, 10], part);
  expect([at(0), at(0.25), at(0.5), at(1)]).toEqual([1, 1.75, 2.5, 10]);
  expect(at(0.99)).toBeCloseTo(9.79, 10);
});
