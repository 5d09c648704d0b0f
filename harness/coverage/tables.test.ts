import { expect, test } from 'vitest';
import type { LineCoverage } from './schema.ts';
import { lineRows, placeOf, programRows } from './tables.ts';

type Line = LineCoverage['files'][number]['hunks'][number]['lines'][number];

const code = (line: number, ...programs: string[]): Line => ({
  ...{ sign: '+', line, text: 'x;', count: programs.length, programs },
});
const filesOf = (...lines: Line[]): Pick<LineCoverage, 'files'> => ({
  files: [{ path: 'io_uring/rw.c', hunks: [{ heading: '@@', lines }] }],
});

test('lines that the same programs ran stand together, unless the patch leaves a line between them', () => {
  const comment: Line = { sign: '+', line: 3, text: '/* */', count: null, programs: [] };
  const kept: Line = { sign: ' ', line: 6, text: 'y;', count: 4, programs: ['a'] };
  const rows = lineRows(
    filesOf(code(2, 'a', 'b'), comment, code(4, 'a', 'b'), code(5, 'a'), kept, code(7, 'a'), code(8)),
  );
  expect(rows.map((row) => [placeOf(row), row.programs])).toEqual([
    ['io_uring/rw.c:2-4', ['a', 'b']],
    ['io_uring/rw.c:5', ['a']],
    ['io_uring/rw.c:7', ['a']],
    ['io_uring/rw.c:8', []],
  ]);
});

test('the program that ran most comes first, with what it ran alone', () => {
  expect(programRows(filesOf(code(1, 'a', 'b'), code(2, 'b'), code(3)))).toEqual([
    { program: 'b', lines: 2, alone: 1 },
    { program: 'a', lines: 1, alone: 0 },
  ]);
});
