import { describe, expect, test } from 'vitest';
import { bullets, shares, sideBySide, wrap } from './columns.ts';
import { type Explanation, explain, explanationOf, pointSentences } from './explain.ts';
import { findSuite } from './locate.ts';

const race: Explanation = {
  scenario: 'race',
  summary: 'reads against unregister',
  invariants: ['Each request completes exactly once.', 'Nothing stays pinned.'],
  distinguishes: ['Selected at submission (full) from looked up at issue (-14).'],
  operations: ['READ_FIXED', 'UNREGISTER_BUFFERS'],
  kernels: '>=5.13 <6.3',
};
const plain: Explanation = { ...race, scenario: 'plain', distinguishes: [], operations: [], kernels: '*' };

describe('an explanation', () => {
  test('is a table where there is room for one', () => {
    expect(explain([race, plain], 110).split('\n')).toEqual([
      'scenario         invariants                          designs it tells apart        operations          kernels',
      '---------------  ----------------------------------  ----------------------------  ------------------  -------',
      'race             - Each request completes exactly    - Selected at submission      READ_FIXED          >=5.13',
      'reads against      once.                               (full) from looked up at    UNREGISTER_BUFFERS  <6.3',
      'unregister       - Nothing stays pinned.               issue (-14).',
      '---------------  ----------------------------------  ----------------------------  ------------------  -------',
      'plain            - Each request completes exactly    -                                                 *',
      'reads against      once.',
      'unregister       - Nothing stays pinned.',
      '',
    ]);
  });

  test('is a block for each program where there is not', () => {
    expect(explain([race, plain], 72).split('\n')).toEqual([
      'race: reads against unregister',
      '  invariants   - Each request completes exactly once.',
      '               - Nothing stays pinned.',
      '  tells apart  - Selected at submission (full) from looked up at issue',
      '                 (-14).',
      '  operations   READ_FIXED, UNREGISTER_BUFFERS',
      '  kernels      >=5.13 <6.3',
      '',
      'plain: reads against unregister',
      '  invariants   - Each request completes exactly once.',
      '               - Nothing stays pinned.',
      '  kernels      *',
      '',
    ]);
  });

  test('is no wider than asked, and leaves no program out', async () => {
    const found = await findSuite('fixed-buffers');
    if (found.kind !== 'programs') throw new Error('not a suite of programs');
    const all = found.description.programs.map(explanationOf);
    for (const width of [60, 80, 99, 100, 120, 200]) {
      const text = explain(all, width);
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
      for (const one of all) expect(text).toMatch(new RegExp(`^${one.scenario}\\b`, 'm'));
    }
  });
});

describe('text', () => {
  test('is broken at spaces, and words only when they must be', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
    expect(wrap('  ', 5)).toEqual([]);
    expect(bullets(['one two', 'three'], 6)).toEqual(['- one', '  two', '- three'.slice(0, 6), '  e']);
  });

  test('stands side by side', () => {
    expect(sideBySide([['a', 'b'], ['c'], ['d', 'e']], [3, 2, 1])).toEqual(['a    c   d', 'b        e']);
    expect(shares(10, [1, 1, 1])).toEqual([3, 3, 4]);
  });
});

describe('the help of a program', () => {
  test('says what each of its points is about', () => {
    const help =
      'race: reads\n\nPoints:\n  first      one thing\n  second-one another\n\nOptions:\n  --list     names\n';
    expect([...pointSentences(help, ['first', 'second-one'])]).toEqual([
      ['first', 'one thing'],
      ['second-one', 'another'],
    ]);
  });
});
