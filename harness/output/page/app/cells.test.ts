import { expect, test } from 'vitest';
import type { TrialEntry } from '../document.ts';
import { type Cell, changeWords, isChanged } from './cells.ts';

const cell = (more: Partial<Cell>): Cell => ({
  trial: {} as TrialEntry,
  ...{ trialNumber: 0, number: 0, name: 'a.b', base: 'PASS', candidate: 'PASS', change: 'same' },
  ...{ behaviours: 0, measurements: 0, reports: [], history: '' },
  ...more,
});

test.each<[string, Partial<Cell>, string[], boolean]>([
  ['a pass', {}, [], false],
  ['a pass with other behaviour', { behaviours: 1 }, [], true],
  [
    'a regression',
    { candidate: 'FAIL', change: 'regression', reports: [0] },
    ['regression', '1 report'],
    true,
  ],
  [
    'a report while it passed',
    { candidate: 'FAIL', reports: [0, 1] },
    ['by 2 reports', 'else the same'],
    true,
  ],
  [
    'a report, after which nothing was observed',
    { candidate: 'FAIL', change: 'not observed', reports: [2] },
    ['by 1 report', 'else not observed'],
    true,
  ],
  ['nothing observed', { candidate: 'MISS', change: 'not observed' }, ['not observed'], true],
  [
    'a failure of both',
    { base: 'FAIL', candidate: 'FAIL', change: 'fails on both' },
    ['fails on both'],
    false,
  ],
])('%s', (_, more, words, changed) => {
  expect(changeWords(cell(more))).toEqual(words);
  expect(isChanged(cell(more))).toBe(changed);
});
