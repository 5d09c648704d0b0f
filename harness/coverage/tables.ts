import { changedCode } from './changed-lines.ts';
import type { LineCoverage } from './schema.ts';

/** How much of a patch a program ran. */
export interface ProgramRow {
  readonly program: string;
  /** Changed lines that it ran, and those of them that no other program ran. */
  readonly lines: number;
  readonly alone: number;
}

/** Changed lines with code, one after the other, that the same programs ran. */
export interface LineRow {
  readonly path: string;
  readonly first: number;
  readonly last: number;
  readonly programs: readonly string[];
}

/** The programs that ran anything of the patch, those that ran most of it first. */
export function programRows({ files }: Pick<LineCoverage, 'files'>): ProgramRow[] {
  const rows = new Map<string, { lines: number; alone: number }>();
  for (const { programs } of changedCode(files))
    for (const program of programs) {
      const row = rows.get(program) ?? { lines: 0, alone: 0 };
      rows.set(program, row);
      row.lines++;
      if (programs.length === 1) row.alone++;
    }
  return [...rows]
    .map(([program, row]) => ({ program, ...row }))
    .toSorted((a, b) => b.lines - a.lines || b.alone - a.alone);
}

/** Every changed line with code, by which programs ran it, in the order of the patch. */
export const lineRows = ({ files }: Pick<LineCoverage, 'files'>): LineRow[] =>
  files.flatMap(({ path, hunks }) => hunks.flatMap(({ lines }) => rowsOf(path, lines)));

type Line = LineCoverage['files'][number]['hunks'][number]['lines'][number];

/** What has no code (a comment, the rest of a statement) does not part two lines of a patch, but a line that it leaves does. */
function rowsOf(path: string, lines: readonly Line[]): LineRow[] {
  const rows: LineRow[] = [];
  let parted = true;
  for (const { sign, line, count, programs } of lines) {
    parted ||= sign === ' ';
    if (sign !== '+' || line === null || count === null) continue;
    const before = parted ? undefined : rows.at(-1);
    if (before?.programs.join('\n') === programs.join('\n')) rows.splice(-1, 1, { ...before, last: line });
    else rows.push({ path, first: line, last: line, programs });
    parted = false;
  }
  return rows;
}

/** `io_uring/rw.c:12-15` */
export const placeOf = ({ path, first, last }: LineRow): string =>
  `${path}:${first}${last === first ? '' : `-${last}`}`;
