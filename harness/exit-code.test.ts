import { describe, expect, test } from 'vitest';
import type { ExecOutcome } from '../vm/ssh/connection.ts';
import { type CellEvidence, judgeCell } from './cell.ts';
import { exitCodeResults } from './exit-code.ts';
import type { Program } from './suite.ts';

const results = (outcome: ExecOutcome, stdout = '', stderr = '') =>
  exitCodeResults('fixed-link', { outcome, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) });

describe('a program whose exit code is its result', () => {
  test.each<[ExecOutcome, string, string | undefined]>([
    [{ type: 'exited', code: 0 }, 'PASS', undefined],
    [{ type: 'exited', code: 77 }, 'SKIP', 'no such thing'],
    [{ type: 'exited', code: 1 }, 'FAIL', 'exit status 1: no such thing'],
    [{ type: 'exited', code: 124 }, 'FAIL', 'exit status 124: no such thing'],
    [{ type: 'signalled', signal: 'SIGSEGV' }, 'FAIL', 'killed by SIGSEGV: no such thing'],
  ])('%j: %s', (outcome, status, reason) => {
    const { points, present, planned, problems } = results(outcome, 'first\n', 'no such thing\n');
    expect(points).toEqual([
      {
        number: 1,
        name: 'fixed-link',
        status,
        ...(reason === undefined ? {} : { reason }),
        observations: [],
        diagnostics: ['first', 'no such thing'],
      },
    ]);
    expect([present, planned, problems]).toEqual([true, 1, []]);
  });

  test('says so much when it says nothing', () => {
    expect(results({ type: 'exited', code: 77 }).points[0]?.reason).toBe('exit status 77');
    expect(results({ type: 'exited', code: 2 }).points[0]?.reason).toBe('exit status 2');
  });

  test.each<ExecOutcome>([{ type: 'deadline' }, { type: 'lost', reason: 'reset' }])(
    'has none when it did not end: %j',
    (outcome) => {
      const { points, trailing } = results(outcome, 'going on\n');
      expect(points).toEqual([]);
      expect(trailing).toEqual(['going on']);
    },
  );

  test('keeps the last of what it said', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n');
    expect(results({ type: 'exited', code: 1 }, lines).points[0]?.diagnostics).toHaveLength(20);
    expect(results({ type: 'exited', code: 1 }, lines).points[0]?.reason).toBe('exit status 1: line 99');
  });
});

describe('what a cell makes of it', () => {
  const program: Program = {
    name: 'fixed-link',
    protocol: 'exit-code',
    deadlineSeconds: 60,
    summary: '',
    invariants: [],
    distinguishes: [],
    path: '',
    sha256: '',
    points: ['fixed-link'],
  };

  test.each<[string, ExecOutcome, Partial<CellEvidence>, string, string | undefined]>([
    ['a pass', { type: 'exited', code: 0 }, {}, 'PASS', undefined],
    ['a skip', { type: 'exited', code: 77 }, {}, 'SKIP', 'exit status 77'],
    ['a failure', { type: 'exited', code: 1 }, {}, 'FAIL', 'exit status 1'],
    ['a crash', { type: 'signalled', signal: 'SIGABRT' }, {}, 'FAIL', 'killed by SIGABRT'],
    ['a time-out', { type: 'deadline' }, {}, 'FAIL', 'hang: no result within 60 s'],
    ['a guest that was lost', { type: 'lost', reason: 'reset' }, {}, 'MISS', 'the guest was lost: reset'],
    ['a panic', { type: 'lost', reason: 'reset' }, { panic: 'Kernel panic' }, 'FAIL', 'Kernel panic'],
    [
      'lockdep off',
      { type: 'exited', code: 0 },
      { blind: { because: 'lockdep was off' } },
      'MISS',
      'lockdep was off',
    ],
    [
      'a kernel report',
      { type: 'exited', code: 0 },
      { reports: [{ signature: 's', title: 't' }] },
      'FAIL',
      'kernel report: t',
    ],
  ])('%s', (_, outcome, more, status, reason) => {
    const points = judgeCell({
      program,
      repetition: 1,
      outcome,
      ktap: results(outcome),
      reports: [],
      lockdep: undefined,
      ...more,
    });
    expect(points.map((point) => [point.name, point.status, point.reason])).toEqual([
      ['fixed-link', status, reason],
    ]);
  });
});
