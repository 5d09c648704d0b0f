import { describe, expect, test } from 'vitest';
import { blindness, newReportTaints, parseLockdepStats, parseVitals, type Window } from './liveness.ts';

/** As printed by a 6.1.192 guest of the lockdep profile, shortened. */
const sample = ` lock-classes:                          812 [max: 8192]
 direct dependencies:                  5120 [max: 131072]
 dependency chains:                    4321 [max: 262144]
 debug_locks:                             1

 zapped classes:                          0
`;

describe('parseLockdepStats', () => {
  test('reads the switch and the use of each table', () => {
    const state = parseLockdepStats(sample);
    expect(state?.watching).toBe(true);
    expect(state?.used['direct dependencies']).toBeCloseTo(5120 / 131072);
    expect(state?.used['lock-classes']).toBeCloseTo(812 / 8192);
  });

  test('sees that lockdep turned itself off', () => {
    expect(parseLockdepStats(sample.replace(/debug_locks: +1/, 'debug_locks:  0'))?.watching).toBe(false);
  });

  test('silence is not health', () => {
    expect(parseLockdepStats('')).toBeUndefined();
    expect(parseLockdepStats('cat: /proc/lockdep_stats: No such file or directory')).toBeUndefined();
  });
});

describe('parseVitals', () => {
  test('lockdep, taint, and who is blocked', () => {
    const vitals = parseVitals(`${sample}tainted: 512\n/proc/12/task/15/status\n/proc/12/task/16/status\n`);
    expect(vitals).toMatchObject({ lockdep: { watching: true }, taint: 512, blocked: ['15', '16'] });
  });

  test('lock orders, where the guest has them', () => {
    const orders = [
      'all lock classes:',
      'ffffffff82c3f0b0 FD:    2 BD:    1 +.+.: &ctx->uring_lock',
      ' -> [ffffffff82c3f0b8] &ctx->completion_lock',
      '',
      'ffffffff82c3f0b8 FD:    1 BD:    2 +.+.: &ctx->completion_lock',
    ];
    const vitals = parseVitals(`${sample}tainted: 0\nringtrial: lock orders\n${orders.join('\n')}\n`);
    expect(vitals.orders?.has('&ctx->uring_lock', '&ctx->completion_lock')).toBe(true);
    expect(vitals.orders?.has('&ctx->completion_lock', '&ctx->uring_lock')).toBe(false);
  });

  test('a guest that says nothing is not healthy', () => {
    expect(parseVitals('')).toEqual({
      lockdep: undefined,
      orders: undefined,
      taint: undefined,
      blocked: [],
    });
  });
});

test('newReportTaints names the new taints that only a report sets', () => {
  expect(newReportTaints(0, 1 << 9)).toBe('W');
  expect(newReportTaints(1 << 9, (1 << 9) | (1 << 7))).toBe('D');
  // Out-of-tree module, unsigned module: no report.
  expect(newReportTaints(0, (1 << 12) | (1 << 13))).toBe('');
});

describe('blindness', () => {
  const sound: Window = {
    vitals: parseVitals(`${sample}tainted: 0\n`),
    consoleSynced: true,
    leaksSought: true,
    consoleProblem: undefined,
    lockdep: true,
    taintBefore: 0,
    reports: 0,
  };

  test('a window in which everything was seen is not blind', () => expect(blindness(sound)).toBeUndefined());

  test.each<[string, Partial<Window>, RegExp]>([
    ['an incomplete console', { consoleProblem: 'ENOSPC' }, /ENOSPC/],
    ['a guest that is gone', { vitals: undefined }, /ended before/],
    ['a kmemleak that did not look', { leaksSought: false }, /kmemleak did not look/],
    ['a silent console', { consoleSynced: false }, /silent/],
    [
      'lockdep off',
      { vitals: parseVitals(`${sample.replace(/(debug_locks: +)1/, '$10')}tainted: 0\n`) },
      /turned itself off/,
    ],
    ['no word about lockdep', { vitals: parseVitals('tainted: 0\n') }, /did not say whether lockdep/],
    ['no word about taint', { vitals: parseVitals(sample) }, /did not say whether its kernel/],
    ['a complaint that was not found', { vitals: parseVitals(`${sample}tainted: 512\n`) }, /tainted \(W\)/],
  ])('%s is', (_, part, reason) => expect(blindness({ ...sound, ...part })).toMatch(reason));

  test('a taint that a report explains, or that was there before, is no blindness', () => {
    const vitals = parseVitals(`${sample}tainted: 512\n`);
    expect(blindness({ ...sound, vitals, reports: 1 })).toBeUndefined();
    expect(blindness({ ...sound, vitals, taintBefore: 512 })).toBeUndefined();
  });

  test('without lockdep in the kernel its silence is nothing', () => {
    expect(blindness({ ...sound, lockdep: false, vitals: parseVitals('tainted: 0\n') })).toBeUndefined();
  });
});
