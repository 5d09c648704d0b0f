import { printable } from '../printable.ts';

/** What a commit message or a cover letter says about where the work belongs. */
export interface Trailers {
  /** `Fixes:` lines, without the key. */
  readonly fixes: readonly string[];
  /** `Link:` and `Closes:` lines, without the key. */
  readonly links: readonly string[];
  /** All trailers, as they stand: `Signed-off-by: A <a@example.org>`. */
  readonly all: readonly string[];
  /** What git format-patch --base wrote. */
  readonly baseCommit?: string;
  /** b4's name for the work, the same in every version. */
  readonly changeId?: string;
}

const trailer = /^(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)+|Fixes|Link|Closes|Cc|BugLink): \S.*$/;

/** Reads the trailers (git-interpret-trailers(1)) of the texts round a series' diffs, each once. */
export function trailersIn(texts: readonly string[]): Trailers {
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => printable(line.trimEnd()));
  const all = [...new Set(lines.filter((line) => trailer.test(line) && !/^(?:Content|Message)-/.test(line)))];
  const valued = (keys: RegExp): string[] =>
    all.filter((line) => keys.test(line)).map((line) => line.replace(/^[^:]*: */, ''));
  const first = (pattern: RegExp): string | undefined =>
    lines.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined);
  const baseCommit = first(/^base-commit: ([0-9a-f]{7,64})$/);
  const changeId = first(/^change-id: (\S+)$/i);
  return {
    fixes: valued(/^Fixes: /),
    links: valued(/^(?:Link|Closes|BugLink): /),
    all: all.filter((line) => !/^change-id: /i.test(line)),
    ...(baseCommit === undefined ? {} : { baseCommit }),
    ...(changeId === undefined ? {} : { changeId }),
  };
}
