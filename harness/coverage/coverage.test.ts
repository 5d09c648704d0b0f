import { expect, test } from 'vitest';
import { aPoint } from '../fixtures.ts';
import type { PointResult } from '../status.ts';
import { summarise } from './coverage.ts';

const known: Partial<PointResult> = {
  policy: [{ entry: 'old-bug', effect: 'known', text: 'known of this kernel', source: 'here' }],
};
const words = { text: '4 of 19 changed lines were never run', good: false };

test.each([
  [[aPoint('b', 'SKIP')], 'no test passed; 4 of 19 changed lines were never run'],
  [[aPoint('a', 'PASS'), aPoint('b', 'SKIP')], 'passed, but 4 of 19 changed lines were never run'],
  [
    [aPoint('a', 'PASS'), aPoint('b', 'FAIL', known)],
    'passed apart from 1 known failure, but 4 of 19 changed lines were never run',
  ],
  [
    [aPoint('a', 'FAIL'), aPoint('b', 'FAIL', known), aPoint('c', 'MISS')],
    'not passed (1 FAIL, 1 MISS); 4 of 19 changed lines were never run',
  ],
])('%#', (points, summary) => expect(summarise(points, words)).toBe(summary));
