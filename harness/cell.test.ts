import { describe, expect, test } from 'vitest';
import { type CellEvidence, judgeCell } from './cell.ts';
import { parseKtap } from './ktap.ts';
import type { Program } from './suite.ts';

const program: Program = {
  name: 'prog',
  deadlineSeconds: 40,
  summary: '',
  invariants: [],
  distinguishes: [],
  path: '',
  sha256: '',
  points: ['one', 'two', 'three'],
};

const all = 'KTAP version 1\n1..3\nok 1 one\nok 2 two\nok 3 three\n';
const firstOnly = 'KTAP version 1\n1..3\nok 1 one\n';

const statuses = (ktap: string, more: Partial<CellEvidence> = {}): string[] =>
  judgeCell({
    program,
    repetition: 1,
    outcome: { type: 'exited', code: 0 },
    ktap: parseKtap(ktap),
    reports: [],
    lockdep: undefined,
    ...more,
  }).map((point) => point.status);

describe('judgeCell', () => {
  test('a clean run passes', () => expect(statuses(all)).toEqual(['PASS', 'PASS', 'PASS']));

  test.each<[string, string, Partial<CellEvidence>, string[]]>([
    [
      'a lost connection leaves no pass',
      all,
      { outcome: { type: 'lost', reason: 'x' } },
      ['MISS', 'MISS', 'MISS'],
    ],
    [
      'a hang is a failure of the point it happened in',
      firstOnly,
      { outcome: { type: 'deadline' } },
      ['PASS', 'FAIL', 'MISS'],
    ],
    [
      'a crash of the program is an error there',
      firstOnly,
      { outcome: { type: 'signalled', signal: 'SEGV' } },
      ['PASS', 'ERROR', 'MISS'],
    ],
    ['an early end is an error there', firstOnly, {}, ['PASS', 'ERROR', 'MISS']],
    [
      'a panic is a failure there',
      firstOnly,
      { outcome: { type: 'lost', reason: 'x' }, panic: 'Kernel panic' },
      ['MISS', 'FAIL', 'MISS'],
    ],
    ['no KTAP at all is an error', 'hello', {}, ['ERROR', 'MISS', 'MISS']],
    [
      'lockdep was off: nothing was proved',
      all,
      { blind: { because: 'lockdep off' } },
      ['MISS', 'MISS', 'MISS'],
    ],
    [
      'a kernel report spoils every pass',
      all,
      { reports: [{ signature: 's', title: 't' }] },
      ['FAIL', 'FAIL', 'FAIL'],
    ],
    [
      'an exit status that contradicts the results is an error',
      all,
      { outcome: { type: 'exited', code: 1 } },
      ['ERROR', 'ERROR', 'ERROR'],
    ],
  ])('%s', (_, ktap, more, expected) => expect(statuses(ktap, more)).toEqual(expected));

  test('a report leaves what the test itself said', () => {
    const [point] = judgeCell({
      program,
      repetition: 1,
      outcome: { type: 'exited', code: 0 },
      ktap: parseKtap(all),
      lockdep: undefined,
      reports: [{ signature: 's', title: 'circular' }],
    });
    expect(point).toMatchObject({
      status: 'FAIL',
      own: 'PASS',
      reason: 'kernel report: circular',
      reports: ['s'],
    });
  });

  test('a point that --list did not promise is not counted as one that it did', () => {
    expect(statuses('KTAP version 1\n1..3\nok 1 one\nok 2 two\nok 3 other\n')).toEqual([
      'PASS',
      'PASS',
      'ERROR',
    ]);
  });
});
