import { expect, test } from 'vitest';
import { aPoint, aReport } from '../fixtures.ts';
import { changesOfDiffs } from '../triage/changes.ts';
import { against as againstChanges, alarms } from './detector.ts';

type Seen = Parameters<typeof alarms>[0];
const against = (base: Seen, mutant: Seen) => againstChanges(base, mutant, changesOfDiffs([]));
const seen = (points: Seen['points'], ...signatures: string[]) => ({
  points,
  reports: signatures.map((signature) => aReport(signature)),
});

test('a failure or a report that base has too tells nothing', () => {
  const base = seen([aPoint('a', 'FAIL'), aPoint('b', 'PASS')], 'known');
  expect(against(base, seen([aPoint('a', 'FAIL'), aPoint('b', 'PASS')], 'known'))).toEqual([]);
  const found = against(
    base,
    seen([aPoint('b', 'FAIL', { repetition: 2, reason: 'wrong bytes' })], 'known', 'new'),
  );
  expect(found).toMatchObject([
    { detector: 'lockdep', program: 'p', text: 'new', repetition: 1 },
    { detector: 'functional', program: 'b', text: 'b.x: wrong bytes', repetition: 2 },
  ]);
});

test('a point that base never passed, or passed only now and then, tells nothing either', () => {
  const failing = seen([aPoint('a', 'FAIL')]);
  expect(against(seen([aPoint('a', 'MISS')]), failing)).toEqual([]);
  expect(against(seen([aPoint('a', 'PASS'), aPoint('a', 'FAIL', { repetition: 2 })]), failing)).toEqual([]);
});

test.each([
  ['kasan.uaf', 'kasan'],
  ['kcsan.race', 'kcsan'],
  ['hung.task', 'hang'],
  ['kmemleak.raw', 'leak'],
  ['refcount.uaf', 'refcount'],
  ['warn.condition', 'warn'],
])('a report of kind %s is the word of %s', (kind, detector) => {
  const reports = [aReport('s', 'p', { kind })];
  expect(alarms({ points: [], reports })[0]?.detector).toBe(detector);
});

test('a hang is told from a wrong result; what only a kernel report made fail is no word of the test', () => {
  const points = [
    aPoint('hangs', 'FAIL', { reason: 'hang: no result within 40 s' }),
    aPoint('fails', 'FAIL', { reason: 'expected 1; saw 2' }),
    aPoint('reported', 'FAIL', { own: 'PASS' }),
  ];
  expect(alarms({ points, reports: [] }).map(({ detector }) => detector)).toEqual(['hang', 'functional']);
});

test("a data race in code that the mutant does not change may be base's own", () => {
  const race = (kind: string) => ({ points: [], reports: [aReport('s', 'p', { kind })] });
  expect(against(seen([]), race('kcsan'))).toEqual([]);
  expect(against(seen([]), race('lockdep.circular'))).toHaveLength(1);
});
