import { expect, test } from 'vitest';
import type { LineCoverage } from './schema.ts';
import { coverageWords, neverRunLines, withLines } from './words.ts';

const never = (count: number): LineCoverage['neverRun'] =>
  Array.from({ length: count }, (_, index) => ({
    path: 'io_uring/rw.c',
    line: index + 1,
    text: '\treturn 1;',
  }));
const lines = (changed: number, neverRun: number, more: Partial<LineCoverage> = {}): LineCoverage => ({
  ...{ changed, neverRun: never(neverRun), unknown: [], files: [] },
  ...more,
});

test.each([
  [lines(19, 4), 'passed, but 4 of 19 changed lines were never run'],
  [lines(19, 1), 'passed, but 1 of 19 changed lines was never run'],
  [lines(19, 0), 'passed, and all 19 changed lines were run'],
  [lines(1, 1), 'passed, but the one changed line was never run'],
  [lines(1, 0), 'passed, and the one changed line was run'],
  [lines(0, 0), 'passed, and the patch brings no line of io_uring/ that has code'],
  [
    lines(19, 0, { unknown: ['a'] }),
    'passed, but all 19 changed lines were run (the counters of 1 program were lost)',
  ],
  [
    lines(19, 4, { unknown: ['a'], uncounted: ['mm/gup.c'] }),
    'passed, but 4 of 19 changed lines were never run (the counters of 1 program were lost; nothing is counted in mm/gup.c)',
  ],
  [
    lines(0, 0, { unknown: ['a', 'b', 'c'] }),
    "passed, but no program's counters came back, so nobody knows which lines were run",
  ],
])('%#: %j', (coverage, summary) => {
  expect(withLines('passed', true, coverageWords(coverage, 3))).toBe(summary);
});

test('a result that is bad by itself is not qualified', () => {
  expect(withLines('rejected: p.x fails', false, coverageWords(lines(19, 4), 3))).toBe(
    'rejected: p.x fails; 4 of 19 changed lines were never run',
  );
});

test('a line that was never run is named with its place', () => {
  expect(neverRunLines(lines(19, 1))).toEqual(['io_uring/rw.c:1: return 1;']);
});
