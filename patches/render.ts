import { diffWordsWithSpace } from 'diff';
import type { Aligned, Place } from './locate.ts';

/** Lines of agreeing context that are shown on either side of a difference. */
const context = 2;

/** Two lines are two versions of one line when they share at least this part of the longer one. */
const likeness = 0.5;

/** How many of the file's lines are tried for one line of the patch. */
const reach = 20;

/** Lines longer than this are not compared word by word. */
const longestLine = 500;

interface Row {
  readonly mark: ' ' | '-' | '+' | '~';
  readonly text: string;
}

/**
 * A place, line by line: ` ` agrees, `-` only the patch expects, `+` only the file has, `~` both have
 * in different words, shown as git's --word-diff=plain does: `[-patch-]{+file+}`.
 */
export function renderPlace(place: Place): string[] {
  const rows = paired(place.aligned);
  const shown = rows.map((_, i) => rows.slice(Math.max(0, i - context), i + context + 1).some(differs));
  const lines: string[] = [];
  for (const [i, row] of rows.entries()) {
    if (shown[i]) lines.push(`    ${row.mark} ${row.text}`);
    else if (shown[i - 1]) lines.push('      ...');
  }
  if (lines.at(-1) === '      ...') lines.pop();
  return [...lines, ...legend(rows)];
}

const differs = (row: Row): boolean => row.mark !== ' ';

function legend(rows: readonly Row[]): string[] {
  const marks = new Set(rows.map(({ mark }) => mark));
  const parts = [
    marks.has('-') ? '- only the patch expects' : '',
    marks.has('+') ? '+ only the file has' : '',
    marks.has('~') ? '~ [-the patch-]{+the file+}' : '',
  ].filter(Boolean);
  return parts.length === 0 ? [] : [`    (${parts.join(', ')})`];
}

function paired(aligned: readonly Aligned[]): Row[] {
  const rows: Row[] = [];
  let block: Aligned[] = [];
  for (const line of aligned) {
    if (line.kind === 'patch' || line.kind === 'file') {
      block.push(line);
      continue;
    }
    rows.push(...pairedBlock(block));
    block = [];
    const blanks = line.kind === 'blanks';
    rows.push({ mark: blanks ? '~' : ' ', text: blanks ? `${line.text} (white space differs)` : line.text });
  }
  return [...rows, ...pairedBlock(block)];
}

/** Pairs each line the patch expects with the next of the file's lines that is like it. */
function pairedBlock(block: readonly Aligned[]): Row[] {
  const theirs = block.filter(({ kind }) => kind === 'file').map(({ text }) => text);
  const rows: Row[] = [];
  for (const { kind, text } of block) {
    if (kind !== 'patch') continue;
    const match = theirs.slice(0, reach).findIndex((other) => alike(text, other));
    if (match === -1) {
      rows.push({ mark: '-', text });
      continue;
    }
    rows.push(...theirs.splice(0, match).map((other): Row => ({ mark: '+', text: other })));
    rows.push({ mark: '~', text: wordDiff(text, theirs.shift() ?? '') });
  }
  return [...rows, ...theirs.map((text): Row => ({ mark: '+', text }))];
}

function alike(a: string, b: string): boolean {
  if (Math.max(a.length, b.length) > longestLine) return false;
  const common = diffWordsWithSpace(a.trim(), b.trim())
    .filter(({ added, removed }) => !added && !removed)
    .reduce((sum, { value }) => sum + value.trim().length, 0);
  return common > 0 && common >= likeness * Math.max(a.trim().length, b.trim().length);
}

function wordDiff(patch: string, file: string): string {
  return diffWordsWithSpace(patch, file)
    .map(({ added, removed, value }) => (added ? `{+${value}+}` : removed ? `[-${value}-]` : value))
    .join('');
}
