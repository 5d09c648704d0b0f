import { describe, expect, test } from 'vitest';
import { type Means, scheduleList } from './list.ts';
import { preemptionOf } from './means.ts';

const means: Means = {
  accelerator: 'tcg',
  vcpus: 2,
  preemption: ['none', 'voluntary', 'full'],
  functions: { changed: ['io_import_fixed', 'io_prep_rw', 'io_read'], usual: ['io_issue_sqe', 'io_write'] },
};

const thirteen = scheduleList({ count: 13, seed: 1 }, means);

describe('schedules', () => {
  test('follow from their seed, and a longer list begins with the shorter one', () => {
    expect(scheduleList({ count: 13, seed: 1 }, means)).toEqual(thirteen);
    expect(scheduleList({ count: 4, seed: 1 }, means)).toEqual(thirteen.slice(0, 4));
    expect(scheduleList({ count: 13, seed: 2 }, means)).not.toEqual(thirteen);
  });

  test('begin with the ordinary guest', () => {
    expect(thirteen[0]).toEqual({ number: 1, vcpus: 2, text: '2 vCPUs', seed: '1/1' });
  });

  test('combine every kind of guest with every preemption model', () => {
    const kind = ({ vcpus, hold }: (typeof thirteen)[number]): string =>
      vcpus === 1 ? 'one' : hold ? `hold ${hold.functions.length > 0}` : 'crowd';
    const pairs = thirteen.slice(1).map((schedule) => `${kind(schedule)} ${schedule.preempt}`);
    expect(new Set(pairs).size).toBe(12);
  });

  test('count instructions with one processor only, and hold one of several only', () => {
    for (const { vcpus, icountShift, hold } of thirteen) {
      expect(icountShift === undefined || vcpus === 1).toBe(true);
      expect(hold === undefined || vcpus > 1).toBe(true);
    }
    expect(thirteen.some(({ icountShift }) => icountShift !== undefined)).toBe(true);
  });

  test('delay at what the patch changes, and elsewhere, at no more places than a processor watches', () => {
    for (const { hold } of thirteen.filter((one) => one.hold?.functions.length)) {
      expect(hold?.functions).toHaveLength(4);
      expect(hold?.functions.slice(0, 2).every((name) => means.functions.changed.includes(name))).toBe(true);
    }
  });

  test('leave out what there is not', () => {
    const plain = { ...means, accelerator: 'kvm' as const, preemption: [] };
    for (const schedule of scheduleList({ count: 9, seed: 1 }, plain)) {
      expect(schedule.icountShift).toBeUndefined();
      expect(schedule.preempt).toBeUndefined();
    }
  });
});

describe('preemption models', () => {
  test('of 6.1', () =>
    expect(
      preemptionOf(
        '# CONFIG_PREEMPT_NONE is not set\n# CONFIG_PREEMPT_VOLUNTARY is not set\nCONFIG_PREEMPT=y\nCONFIG_PREEMPT_DYNAMIC=y\n',
      ),
    ).toEqual(['none', 'voluntary', 'full']));

  test('of 7.2, which lost two of them', () =>
    expect(
      preemptionOf('CONFIG_PREEMPT=y\n# CONFIG_PREEMPT_LAZY is not set\nCONFIG_PREEMPT_DYNAMIC=y\n'),
    ).toEqual(['full', 'lazy']));

  test('of 5.10, which cannot change its own', () =>
    expect(preemptionOf('# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT=y\n')).toEqual([]));
});
