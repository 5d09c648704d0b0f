import { expect, test } from 'vitest';
import { changedCode, coverChanges } from './changed-lines.ts';
import type { LineCounts } from './lines.ts';

const before = ['int f(void)', '{', '\treturn 1;', '}', ''].join('\n');
const after = ['/* new */', 'int f(int a)', '{', '\tif (a)', '\t\treturn 2;', '\treturn 1;', '}', ''].join(
  '\n',
);
const file = { path: 'io_uring/f.c', before, after };
const counts = (lines: Record<number, number>): LineCounts =>
  new Map([['io_uring/f.c', new Map(Object.entries(lines).map(([line, count]) => [Number(line), count]))]]);

test('each new line with code says how often it ran, and by whom', () => {
  const covered = coverChanges(
    [file],
    new Map([
      ['reads', counts({ 2: 3, 4: 3, 5: 0, 6: 3 })],
      ['writes', counts({ 2: 1, 4: 1, 5: 0, 6: 1 })],
    ]),
  );
  const code = changedCode(covered);
  expect(code.map(({ line, count }) => [line, count])).toEqual([
    [2, 4],
    [4, 4],
    [5, 0],
  ]);
  expect(code[0]?.programs).toEqual(['reads', 'writes']);
  expect(code[2]).toMatchObject({ path: 'io_uring/f.c', text: '\t\treturn 2;', programs: [] });
});

test('a comment has no count, a line that is gone has no number', () => {
  const lines = coverChanges([file], new Map([['p', counts({ 2: 1 })]]))[0]?.hunks[0]?.lines ?? [];
  expect(lines.find(({ text }) => text === '/* new */')).toMatchObject({ sign: '+', count: null });
  expect(lines.find(({ text }) => text === 'int f(void)')).toMatchObject({ sign: '-', line: null });
});

test('without counters nothing is taken for executed, nor for never executed', () => {
  expect(changedCode(coverChanges([file], new Map()))).toEqual([]);
});

test('a file that the patch deletes has no lines', () => {
  expect(coverChanges([{ ...file, after: null }], new Map())).toEqual([]);
});
