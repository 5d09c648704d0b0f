import { describe, expect, test } from 'vitest';
import { aPoint } from './fixtures.ts';
import { BothSides } from './rounds.ts';
import { lookAgain } from './second-look.ts';
import type { SideResult, SideRunner } from './side.ts';
import type { Suite } from './suite.ts';
import type { Trial } from './trial.ts';

const suite: Suite = {
  ...{ name: 's', title: 's' },
  programs: ['p', 'q'].map((name) => ({
    name,
    path: `/${name}`,
    sha256: name,
    deadlineSeconds: 1,
    points: [],
    summary: '',
    invariants: [],
    distinguishes: [],
  })),
};

/** What a side observes in program p, look by look; q always does the same. */
async function looked(base: string[], candidate: string[], more: Partial<Trial['options']> = {}) {
  const asked: string[] = [];
  const runner =
    (side: string, values: string[]): SideRunner =>
    async ({ firstRepetition: repetition, suite: { programs } }) => {
      asked.push(`${side} ${repetition} ${programs.map(({ name }) => name).join('+')}`);
      const points: SideResult['points'] = programs.map(({ name }) =>
        aPoint(name, 'PASS', {
          repetition,
          observations: [{ key: 'waited', value: name === 'p' ? (values[repetition - 1] ?? '?') : 'yes' }],
        }),
      );
      return { points, reports: [], orders: [], forked: true };
    };
  const both = new BothSides({ base: runner('base', base), candidate: runner('candidate', candidate) });
  await both.runUpTo(1, suite);
  await lookAgain(both, { suite, options: { patch: 'x', ...more }, emit: () => {} } as unknown as Trial);
  return asked.slice(2);
}

const second = ['candidate 2 p', 'base 2 p'];

describe('a second look', () => {
  test('is taken at those programs alone that observed something else', async () => {
    expect(await looked(['yes', 'yes'], ['no', 'no'])).toEqual(second);
    expect(await looked(['yes'], ['yes'])).toEqual([]);
  });

  test('ends when the kernels have a value in common', async () => {
    expect(await looked(['yes', 'yes'], ['no|yes', 'yes'])).toEqual(second);
  });

  test('is followed by a third where rounds of both kernels saw the same', async () => {
    expect(await looked(['yes', 'yes', 'yes'], ['no|yes', 'no|yes', 'yes'])).toEqual([
      ...second,
      ...['base 3 p', 'candidate 3 p'],
    ]);
  });

  test('is not needed after repetitions', async () => {
    expect(await looked(['yes'], ['no'], { repeat: 3 })).toEqual([]);
    expect(await looked(['yes'], ['no'], { repeat: 'auto' })).toEqual([]);
  });
});
