import { expect, test } from 'vitest';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import { aMatrix, aPair, aRun, aVerdict } from './output/fixtures.ts';

const kinds = ({ regressions, lost, improvements }: RunComparison) => ({
  regressions: regressions.map(({ subject, text }) => `${subject} ${text}`),
  lost: lost.map(({ subject, text }) => `${subject} ${text}`),
  improvements: improvements.map(({ subject, text }) => `${subject} ${text}`),
});

const calm = aRun(aVerdict([aPair('p', 'PASS'), aPair('q', 'PASS')]));

test('nothing changed', () => {
  expect(compareRuns(calm, calm)).toEqual({
    ...{ regressions: [], lost: [], improvements: [], notes: [] },
    compared: 1,
  });
});

test('a tree that broke by itself is a regression, though the patch is not to blame', () => {
  const broken = aRun(aVerdict([aPair('p', 'FAIL', 'FAIL', { reason: 'hung' }), aPair('q', 'PASS')]));
  const { regressions, lost } = kinds(compareRuns(calm, broken));
  expect(regressions).toEqual([
    'p.x was PASS on base, is FAIL',
    'p.x was PASS with the patch, is FAIL: hung',
  ]);
  expect(lost).toEqual([expect.stringMatching(/^verdict was accepted, is inconclusive/)]);
  expect(kinds(compareRuns(broken, calm)).improvements).toHaveLength(3);
});

test('what is not observed any more is lost, not better, also where it failed before', () => {
  const failing = aRun(aVerdict([aPair('p', 'FAIL'), aPair('q', 'PASS')]));
  const gone = aRun(aVerdict([aPair('p', 'MISS')]));
  const { regressions, lost, improvements } = kinds(compareRuns(failing, gone));
  expect([regressions, improvements]).toEqual([[], []]);
  expect(lost).toEqual([
    'p.x was FAIL on base, is MISS',
    'p.x was FAIL with the patch, is MISS',
    'q.x is no longer there',
  ]);
});

test('kernel reports are told by signature', () => {
  const loud = aRun(aVerdict([aPair('p', 'PASS'), aPair('q', 'PASS')], [{ title: 'possible deadlock' }]));
  expect(kinds(compareRuns(calm, loud)).regressions).toEqual([
    expect.stringMatching(/^verdict was accepted, is rejected/),
    'signature-0 a new kernel report with the patch: possible deadlock',
  ]);
  expect(kinds(compareRuns(loud, calm)).improvements).toContain(
    'signature-0 no longer printed with the patch: possible deadlock',
  );
});

test('a trial without a verdict is lost; trials of one night are noted', () => {
  const verdict = aVerdict([aPair('p', 'PASS')]);
  const both = aMatrix(verdict);
  const done = { ...both, trials: both.trials.map((trial) => ({ ...trial, verdict })) };
  expect(kinds(compareRuns(done, both)).lost).toEqual([
    'verdict was accepted, is missing: its kernel was never built',
  ]);
  expect(compareRuns(calm, both).notes).toEqual(['mine@debian:7.2/kasan/fixed-buffers is new']);
  expect(compareRuns(both, calm).notes).toEqual(['mine@debian:7.2/kasan/fixed-buffers is no longer tried']);
});
