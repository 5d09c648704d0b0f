import { describe, expect, test } from 'vitest';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { aPoint } from './fixtures.ts';
import { BothSides } from './rounds.ts';
import type { SideResult, SideRunner } from './side.ts';
import type { Suite } from './suite.ts';

const suite: Suite = { name: 's', title: 's', programs: [] };

const bootFailure = new GuestBootError({
  ...{ stage: 'kernel', deadlineMs: 1, console: '', stderr: '', consolePath: '' },
});

/** Both sides, and in which order they are asked; a side fails to boot in the round that is named. */
function both(failing: { base?: number; candidate?: number } = {}) {
  const asked: string[] = [];
  const runner =
    (side: 'base' | 'candidate'): SideRunner =>
    async ({ firstRepetition: repetition }) => {
      asked.push(`${side} ${repetition}`);
      const result: SideResult = {
        ...{ points: [aPoint('p', 'PASS', { repetition })], reports: [], orders: [], forked: true },
      };
      return failing[side] === repetition ? { ...result, bootFailure } : result;
    };
  return { asked, sides: new BothSides({ base: runner('base'), candidate: runner('candidate') }) };
}

describe('repetitions', () => {
  test('take turns, so that drift of the host touches both kernels alike', async () => {
    const { asked, sides } = both();
    await sides.runUpTo(3, suite);
    expect(asked).toEqual(['base 1', 'candidate 1', 'candidate 2', 'base 2', 'base 3', 'candidate 3']);
    expect(sides.seen.base.points.map(({ repetition }) => repetition)).toEqual([1, 2, 3]);
    await sides.runUpTo(4, suite);
    expect(asked.slice(6)).toEqual(['candidate 4', 'base 4']);
  });

  test('end when the patched kernel does not boot', async () => {
    const { asked, sides } = both({ candidate: 2 });
    await sides.runUpTo(5, suite);
    expect(asked).toEqual(['base 1', 'candidate 1', 'candidate 2']);
    expect(sides.seen.candidate.bootFailure).toBe(bootFailure);
  });

  test('end with an error when base does not boot, before the candidate is run', async () => {
    const { asked, sides } = both({ base: 1 });
    await expect(sides.runUpTo(5, suite)).rejects.toBe(bootFailure);
    expect(asked).toEqual(['base 1']);
  });
});
