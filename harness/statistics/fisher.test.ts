import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attainable, fisherExact, type Table } from './fisher.ts';

const table = (failures: [number, number], runs: [number, number]): Table => ({
  base: { failures: failures[0], runs: runs[0] },
  candidate: { failures: failures[1], runs: runs[1] },
});

function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1);
  return result;
}

/** The same by whole numbers only: every table's ways are counted. */
function exactly({ base, candidate }: Table): number {
  const failures = base.failures + candidate.failures;
  const ways = (k: number): bigint => choose(base.runs, k) * choose(candidate.runs, failures - k);
  let [sum, all] = [0n, 0n];
  for (let k = Math.max(0, failures - candidate.runs); k <= Math.min(failures, base.runs); k++) {
    all += ways(k);
    if (ways(k) <= ways(base.failures)) sum += ways(k);
  }
  return Number((sum * 10n ** 18n) / all) / 1e18;
}

describe('fisherExact', () => {
  test('the lady tasting tea, as in the examples of R', () => {
    expect(fisherExact(table([3, 1], [4, 4]))).toBeCloseTo(0.4857, 4);
  });

  test('convictions of like-sex twins, as in the examples of R', () => {
    expect(fisherExact(table([10, 2], [13, 17]))).toBeCloseTo(0.0005367, 7);
  });

  test('0 of 20 against 5 of 20 differ, 3 of 20 against 5 of 20 do not', () => {
    expect(fisherExact(table([0, 5], [20, 20]))).toBeCloseTo(0.0471, 4);
    expect(fisherExact(table([3, 5], [20, 20]))).toBeCloseTo(0.6948, 4);
  });

  test('agrees with whole numbers, whatever the table', () => {
    const side = fc
      .integer({ min: 1, max: 60 })
      .chain((runs) => fc.record({ runs: fc.constant(runs), failures: fc.integer({ min: 0, max: runs }) }));
    fc.assert(
      fc.property(side, side, (base, candidate) => {
        expect(fisherExact({ base, candidate })).toBeCloseTo(exactly({ base, candidate }), 12);
        const turned = fisherExact({ base: candidate, candidate: base });
        expect(turned).toBeCloseTo(fisherExact({ base, candidate }), 12);
      }),
    );
  });

  test('large counts overflow nothing', () => {
    const large = table([180, 220], [2000, 2000]);
    expect(fisherExact(large)).toBeCloseTo(exactly(large), 10);
    expect(fisherExact(table([5000, 5200], [50_000, 50_000]))).toBeGreaterThan(0.01);
    expect(fisherExact(table([5000, 5200], [50_000, 50_000]))).toBeLessThan(0.05);
    expect(fisherExact(table([0, 100_000], [100_000, 100_000]))).toBe(0);
    expect(fisherExact(table([50_000, 50_000], [100_000, 100_000]))).toBeCloseTo(1, 12);
  });
});

describe('attainable', () => {
  test('one failure in one run each can tell nothing, four of four can', () => {
    expect(attainable(table([0, 1], [1, 1]))).toEqual([1, 1]);
    expect(Math.min(...attainable(table([0, 4], [4, 4])))).toBeCloseTo(2 / 70, 12);
    expect(attainable(table([0, 0], [20, 20]))).toEqual([1]);
  });
});
