import { describe, expect, test } from 'vitest';
import { parseLockdepStats } from './liveness.ts';

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
