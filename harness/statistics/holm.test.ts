import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attainable, fisherExact } from './fisher.ts';
import { corrected } from './holm.ts';

const of = (base: number, candidate: number, runs: number) => {
  const table = { base: { failures: base, runs }, candidate: { failures: candidate, runs } };
  return { p: fisherExact(table), attainable: attainable(table) };
};

test('is plain Holm where every p-value can be reached: R, p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")', () => {
  const ps = [0.04, 0.01, 0.03, 0.02];
  const tests = ps.map((p) => ({ p, attainable: [...ps, 1] }));
  expect(corrected(tests).map((p) => p.toFixed(4))).toEqual(['0.0600', '0.0400', '0.0600', '0.0600']);
});

test('points that never failed cost nothing', () => {
  const failing = of(0, 5, 20);
  const suite = [...Array.from({ length: 200 }, () => of(0, 0, 20)), failing];
  expect(corrected(suite).at(-1)).toBeCloseTo(failing.p, 12);
});

test('points that could have spoken cost what they could have said', () => {
  const [alone, beside] = [corrected([of(0, 5, 20)]), corrected([of(0, 5, 20), of(3, 5, 20)])];
  expect(beside[0]).toBeGreaterThan(alone[0] ?? 1);
  expect(beside[0]).toBeLessThanOrEqual(2 * (alone[0] ?? 0));
});

test('never smaller than the p-value itself, never larger than Bonferroni, and in the same order', () => {
  const side = fc.tuple(fc.nat(12), fc.nat(12)).map(([base, candidate]) => of(base, candidate, 12));
  fc.assert(
    fc.property(fc.array(side, { minLength: 1, maxLength: 12 }), (tests) => {
      const results = corrected(tests);
      for (const [index, { p }] of tests.entries()) {
        const result = results[index] ?? 0;
        expect(result).toBeGreaterThanOrEqual(p - 1e-12);
        expect(result).toBeLessThanOrEqual(Math.min(1, tests.length * p) + 1e-9);
        for (const [other, { p: q }] of tests.entries())
          if (p < q) expect(result).toBeLessThanOrEqual((results[other] ?? 0) + 1e-12);
      }
    }),
  );
});
