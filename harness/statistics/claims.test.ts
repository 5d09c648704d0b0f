import { describe, expect, test } from 'vitest';
import { atMost, notRuledOut, passesNeeded, runsForFixed } from './claims.ts';

describe('passesNeeded', () => {
  test('a failure that always shows needs one pass, a rare one many', () => {
    expect(passesNeeded(1, 0.99)).toBe(1);
    expect(passesNeeded(0.5, 0.99)).toBe(7);
    expect(passesNeeded(0.1, 0.99)).toBe(44);
  });

  test.each([10, 100, 1000, 1_000_000])('not even 1 in %i: the rule of three, and no run too many', (n) => {
    const runs = passesNeeded(1 / n);
    expect(runs).toBeLessThanOrEqual(3 * n);
    expect(runs).toBeGreaterThan(2.8 * n);
    expect((1 - 1 / n) ** runs).toBeLessThanOrEqual(0.05);
    expect((1 - 1 / n) ** (runs - 1)).toBeGreaterThan(0.05);
  });
});

describe('notRuledOut', () => {
  // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 5 (Clopper and Pearson), upper ends.
  test.each([
    [81, 263, 0.3676],
    [15, 148, 0.1617],
    [0, 20, 0.1684],
    [1, 29, 0.1776],
  ])('%i of %i: as published', (failures, runs, high) => {
    expect(notRuledOut(failures, runs, 0.975)).toBeCloseTo(high, 4);
  });

  test('when everything failed, any rate is possible', () => {
    expect(notRuledOut(3, 3)).toBe(1);
  });

  test('passesNeeded is its other side', () => {
    expect(notRuledOut(0, passesNeeded(0.01))).toBeLessThanOrEqual(0.01);
    expect(notRuledOut(0, passesNeeded(0.01) - 1)).toBeGreaterThan(0.01);
  });
});

test('atMost adds up binomial chances, computed here in whole numbers', () => {
  // 1/4 in 20 runs: the sum of C(20, k) 3^(20 - k) for k up to 5, by 4^20.
  let [sum, choices] = [0n, 1n];
  for (let k = 0n; k <= 5n; k++) {
    sum += choices * 3n ** (20n - k);
    choices = (choices * (20n - k)) / (k + 1n);
  }
  expect(atMost(5, 20, 0.25)).toBeCloseTo(Number((sum * 10n ** 15n) / 4n ** 20n) / 1e15, 12);
});

test('fixed takes the more passes the rarer base failed, and the fewer times it was tried', () => {
  expect(runsForFixed(10, 10)).toBeLessThanOrEqual(3);
  expect(runsForFixed(1, 20)).toBeGreaterThan(100);
  expect(runsForFixed(3, 20)).toBeGreaterThan(runsForFixed(30, 200));
});
