import { printable } from './printable.ts';

/** The diffs of a text, one string a file, or the first place where a hunk is not what its header says. */
export type Cut =
  | { readonly sections: readonly string[] }
  | { readonly damage: string; readonly line: number };

const hunkHeader = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

// git's extended header lines (git-diff(1)); anything else ends a header that has no hunk.
const extendedHeader =
  /^(?:(?:old|new) mode |(?:new|deleted) file mode |(?:rename|copy) (?:from|to) |rename (?:old|new) |(?:dis)?similarity index |index |--- |\+\+\+ |GIT binary patch|Binary files )/;

/**
 * Cuts the diffs out of whatever surrounds them: mail headers, a commit message, comments between
 * files, the `-- ` signature. The signature is why hunks are cut by their counts and not by how lines
 * begin: it looks like a removed line. So does quoted text; a line is part of a diff only when a header
 * has announced it.
 */
export function cutDiffs(text: string): Cut {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const sections: string[] = [];
  let i = 0;
  while (i < lines.length) {
    if (!startsSection(lines, i)) {
      i += 1;
      continue;
    }
    const start = i;
    i = endOfHeader(lines, i);
    while (i < lines.length && hunkHeader.test(lines[i] ?? '')) {
      const end = endOfHunk(lines, i);
      if (typeof end !== 'number') return end;
      i = end;
    }
    sections.push(`${lines.slice(start, i).join('\n')}\n`);
  }
  return { sections };
}

function startsSection(lines: readonly string[], i: number): boolean {
  const line = lines[i] ?? '';
  // Git writes at least one header line below this one; a sentence about git does not.
  if (line.startsWith('diff --git '))
    return extendedHeader.test(lines[i + 1] ?? '') && !isDashes(lines, i + 1);
  return (
    line.startsWith('--- ') && (lines[i + 1] ?? '').startsWith('+++ ') && hunkHeader.test(lines[i + 2] ?? '')
  );
}

/** `--- ` that is no file header: the end of a commit message, or a line of prose. */
const isDashes = (lines: readonly string[], i: number): boolean =>
  (lines[i] ?? '').startsWith('--- ') && !(lines[i + 1] ?? '').startsWith('+++ ');

function endOfHeader(lines: readonly string[], start: number): number {
  let i = start + 1;
  while (extendedHeader.test(lines[i] ?? '') && !isDashes(lines, i)) i += 1;
  return i;
}

function endOfHunk(lines: readonly string[], start: number): number | { damage: string; line: number } {
  const header = hunkHeader.exec(lines[start] ?? '');
  let oldLeft = Number(header?.[1] ?? 1);
  let newLeft = Number(header?.[2] ?? 1);
  let i = start + 1;
  while (oldLeft > 0 || newLeft > 0 || (lines[i] ?? '').startsWith('\\ ')) {
    const line = lines[i];
    if (line === undefined) {
      return { damage: `the hunk that starts on line ${start + 1} ends too early`, line: i };
    }
    const kind = line === '' || line === '\r' ? ' ' : line[0];
    if (kind === ' ' || kind === '-') oldLeft -= 1;
    if (kind === ' ' || kind === '+') newLeft -= 1;
    if (oldLeft < 0 || newLeft < 0 || !(kind && ' +-\\'.includes(kind))) {
      const shown = printable(Buffer.from(line, 'latin1').toString('utf8').slice(0, 60));
      return {
        damage: `"${shown}" does not belong into the hunk that starts on line ${start + 1}`,
        line: i + 1,
      };
    }
    i += 1;
  }
  return i;
}
