import { expect, test } from 'vitest';
import { aPoint } from '../fixtures.ts';
import type { PointResult } from '../status.ts';
import { unobserved } from './unobserved.ts';

const seen = (...points: PointResult[]) => ({ points, reports: [] });
const base = seen(aPoint('a', 'PASS'), aPoint('b', 'PASS'), aPoint('c', 'SKIP'), aPoint('d', 'MISS'));

test('a suite that ran as on base had its chance', () => {
  expect(unobserved(base, seen(aPoint('a', 'PASS'), aPoint('b', 'PASS')))).toBeUndefined();
});

test('a point that was observed in one repetition of several counts as observed', () => {
  const mutant = seen(aPoint('a', 'PASS'), aPoint('b', 'MISS'), aPoint('b', 'PASS', { repetition: 2 }));
  expect(unobserved(base, mutant)).toBeUndefined();
});

test.each([
  ['MISS', { reason: 'the connection was lost' }, 'b.x: the connection was lost'],
  ['SKIP', {}, 'b.x: SKIP'],
  ['ERROR', { reason: 'no loop device' }, 'b.x: no loop device'],
] as const)('a point that is %s on the mutant alone is named', (status, more, text) => {
  expect(unobserved(base, seen(aPoint('a', 'PASS'), aPoint('b', status, more)))).toBe(
    `1 of 2 points that pass on base were not observed: ${text}`,
  );
});

test('a program that was never run is named, too', () => {
  expect(unobserved(base, seen())).toBe('2 of 2 points that pass on base were not observed: a.x: not run');
});

test('where nothing passes on base, nothing could have been seen', () => {
  expect(unobserved(seen(aPoint('a', 'SKIP')), seen(aPoint('a', 'SKIP')))).toBe('no test passed on base');
});
