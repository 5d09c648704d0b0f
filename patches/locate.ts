import { diffArrays } from 'diff';

/** How a line of the patch and a line of the file stand to each other in an alignment. */
export type Aligned =
  | { readonly kind: 'same'; readonly text: string }
  /** The same words; only white space differs. `text` is the file's. */
  | { readonly kind: 'blanks'; readonly text: string }
  | { readonly kind: 'patch'; readonly text: string }
  | { readonly kind: 'file'; readonly text: string };

export interface Place {
  /** Line number (from 1) of the first line that agrees. */
  readonly line: number;
  /** Lines of the patch that the file has there, and how many there are to find; only lines with a word in them count. */
  readonly agree: number;
  readonly wanted: number;
  readonly aligned: readonly Aligned[];
}

/** A line that says something: `}` and blank ones stand everywhere. */
export const telling = (line: string): boolean => /[A-Za-z0-9]/.test(line);

/** How far lines may have been inserted or removed inside a hunk for its parts to count as one place. */
const slack = 6;

/** Lines as frequent as `}` or `return ret;` in io_uring.c say nothing about where one is. */
const tooCommon = 60;

/** Without its white space at the ends and with single blanks: what a mail program does not change. */
const words = (line: string): string => line.trim().replaceAll(/\s+/g, ' ');

/** The line number (from 1), nearest to `near`, at which `lines` stand exactly so; undefined when nowhere. */
export function exactPlace(
  file: readonly string[],
  lines: readonly string[],
  near: number,
): number | undefined {
  let best: number | undefined;
  for (let start = 0; start + lines.length <= file.length; start += 1) {
    if (!lines.every((line, i) => file[start + i] === line)) continue;
    if (best === undefined || Math.abs(start + 1 - near) < Math.abs(best - near)) best = start + 1;
  }
  return best;
}

/**
 * The place of a file that is most like `wanted`: each line votes for where the whole would start,
 * a rare line with more weight than a common one; votes that lie close together belong together.
 */
export function closestPlace(
  file: readonly string[],
  wanted: readonly string[],
  near: number,
): Place | undefined {
  const start = electedStart(votesForStart(file, wanted), near - 1);
  if (start === undefined) return undefined;
  const from = Math.max(0, start - slack);
  return align(file.slice(from, Math.max(0, start + wanted.length + slack)), wanted, from);
}

function votesForStart(file: readonly string[], wanted: readonly string[]): Map<number, number> {
  const positions = new Map<string, number[]>();
  for (const [i, line] of file.entries()) {
    const key = words(line);
    const list = positions.get(key);
    if (list) list.push(i);
    else positions.set(key, [i]);
  }
  const votes = new Map<number, number>();
  for (const [i, line] of wanted.entries()) {
    const found = positions.get(words(line)) ?? [];
    if (!telling(line) || found.length > tooCommon) continue;
    for (const at of found) votes.set(at - i, (votes.get(at - i) ?? 0) + 1 / found.length);
  }
  return votes;
}

function electedStart(votes: ReadonlyMap<number, number>, near: number): number | undefined {
  let best: { start: number; score: number } | undefined;
  for (const [start, own] of votes) {
    let score = own; // counted twice, so that the middle of a cluster wins
    for (let other = start - slack; other <= start + slack; other += 1) score += votes.get(other) ?? 0;
    const closer = best !== undefined && Math.abs(start - near) < Math.abs(best.start - near);
    if (best === undefined || score > best.score + 1e-9 || (score > best.score - 1e-9 && closer)) {
      best = { start, score };
    }
  }
  return best?.start;
}

function align(window: readonly string[], wanted: readonly string[], from: number): Place | undefined {
  const parts = diffArrays([...wanted], [...window], { comparator: (a, b) => words(a) === words(b) });
  const aligned: Aligned[] = [];
  let atPatch = 0;
  let atFile = 0;
  let line: number | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed && value.some(telling)) line ??= from + atFile + 1;
    for (const [i] of value.entries()) {
      const mine = wanted[atPatch + i] ?? '';
      const its = window[atFile + i] ?? '';
      if (added) aligned.push({ kind: 'file', text: its });
      else if (removed) aligned.push({ kind: 'patch', text: mine });
      else aligned.push({ kind: mine === its ? 'same' : 'blanks', text: its });
    }
    if (!added) atPatch += value.length;
    if (!removed) atFile += value.length;
  }
  if (line === undefined) return undefined;
  const agree = aligned.filter(({ kind, text }) => (kind === 'same' || kind === 'blanks') && telling(text));
  return {
    line,
    agree: agree.length,
    wanted: wanted.filter(telling).length,
    aligned: trimmed(aligned),
  };
}

/** Without the file's lines before and behind the place, which are only there because of the slack. */
function trimmed(aligned: readonly Aligned[]): Aligned[] {
  const first = aligned.findIndex(({ kind }) => kind !== 'file');
  const last = aligned.findLastIndex(({ kind }) => kind !== 'file');
  // A line that the patch expects at the very edge may stand there in another form: keep its neighbour.
  const before = aligned[first]?.kind === 'patch' ? 1 : 0;
  const after = aligned[last]?.kind === 'patch' ? 1 : 0;
  return aligned.slice(Math.max(0, first - before), last + 1 + after);
}
