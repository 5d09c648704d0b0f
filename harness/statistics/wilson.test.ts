import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cautiousRate, wilsonInterval } from './wilson.ts';

// R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('%i of %i: as published', (failures, runs, low, high) => {
  const interval = wilsonInterval(failures, runs);
  expect(interval[0]).toBeCloseTo(low, 4);
  expect(interval[1]).toBeCloseTo(high, 4);
});

test('the interval holds the share, lies within 0 and 1, and mirrors', () => {
  const seen = fc
    .integer({ min: 1, max: 100_000 })
    .chain((runs) => fc.tuple(fc.integer({ min: 0, max: runs }), fc.constant(runs)));
  fc.assert(
    fc.property(seen, ([failures, runs]) => {
      const [low, high] = wilsonInterval(failures, runs);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(failures / runs);
      expect(high).toBeGreaterThanOrEqual(failures / runs);
      expect(wilsonInterval(runs - failures, runs)[1]).toBeCloseTo(1 - low, 9);
    }),
  );
});

test('few runs prove little', () => {
  expect(cautiousRate(5, 5)).toBeGreaterThan(0.7);
  expect(cautiousRate(5, 5)).toBeLessThan(0.8);
  expect(cautiousRate(50, 50)).toBeGreaterThan(0.96);
  expect(cautiousRate(1, 10)).toBeLessThan(0.1);
  expect(cautiousRate(0, 10)).toBe(0);
});
