import { structuredPatch } from 'diff';
import type { FilePair } from '../triage/changes.ts';
import type { LineCounts } from './lines.ts';

/** A line of a patched file, in a hunk. */
export interface CoveredLine {
  /** ` `: as it was; `+`: new; `-`: gone. */
  readonly sign: ' ' | '+' | '-';
  /** In the patched file, from 1; null for a line that is gone. */
  readonly line: number | null;
  readonly text: string;
  /** Executions by all programs; null where gcc counts nothing: a declaration, a comment, half a statement. */
  readonly count: number | null;
  readonly programs: string[];
}

export interface CoveredHunk {
  readonly heading: string;
  readonly lines: CoveredLine[];
}

/** A file that the patch changes, with what ran of it. */
export interface CoveredFile {
  readonly path: string;
  readonly hunks: CoveredHunk[];
}

/** What each program made the kernel execute. */
export type ProgramCounts = ReadonlyMap<string, LineCounts>;

/** The hunks of a change with the executions of each line. */
export const coverChanges = (files: readonly FilePair[], counts: ProgramCounts): CoveredFile[] =>
  files.flatMap(({ path, before, after }) =>
    after === null ? [] : [{ path, hunks: hunksOf(path, before ?? '', after, counts) }],
  );

function hunksOf(path: string, before: string, after: string, counts: ProgramCounts): CoveredHunk[] {
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: 3 });
  return hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => {
    let next = newStart;
    const covered = lines
      .filter((line) => !line.startsWith('\\'))
      .map((line): CoveredLine => {
        const sign = line[0] as CoveredLine['sign'];
        const number = sign === '-' ? null : next++;
        return { sign, line: number, text: line.slice(1), ...ranAt(path, number, counts) };
      });
    return { heading: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, lines: covered };
  });
}

function ranAt(
  path: string,
  line: number | null,
  counts: ProgramCounts,
): Pick<CoveredLine, 'count' | 'programs'> {
  let count: number | null = null;
  const programs: string[] = [];
  if (line === null) return { count, programs };
  for (const [program, lines] of counts) {
    const times = lines.get(path)?.get(line);
    if (times === undefined) continue;
    count = (count ?? 0) + times;
    if (times > 0) programs.push(program);
  }
  return { count, programs };
}

/** The lines with code that the patch brings. */
export const changedCode = (files: readonly CoveredFile[]): (CoveredLine & { readonly path: string })[] =>
  files.flatMap(({ path, hunks }) =>
    hunks.flatMap(({ lines }) =>
      lines.filter(({ sign, count }) => sign === '+' && count !== null).map((line) => ({ ...line, path })),
    ),
  );
