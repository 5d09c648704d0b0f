import { closestPlace, exactPlace, type Place, telling } from './locate.ts';
import { type FileDiff, type Hunk, newLines, oldLines } from './parse.ts';
import { printable } from './printable.ts';
import { renderPlace } from './render.ts';

/** A file of the tree as text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Why one hunk does not apply. Line numbers start at 1 and are the file's. */
export interface HunkFailure {
  readonly file: string;
  /** The hunk's `@@` line; empty when the whole file is the matter. */
  readonly hunk: string;
  readonly lookedForAt: number;
  readonly reason: 'differs' | 'nowhere' | 'already-applied' | 'missing-file' | 'file-exists';
  /** Where the hunk's result already stands, for `already-applied`. */
  readonly appliedAt?: number;
  /** The place in the file that is most like what the hunk looks for; none for a very long hunk. */
  readonly closest?: Place;
  /** How many of the lines that the hunk adds stand near that place already, of how many that say something. */
  readonly addedThere?: { readonly count: number; readonly of: number };
  /** Directories of this tree that may have the code of a missing file. */
  readonly movedTo?: readonly string[];
  /** Another file that has these lines: code moves, e.g. from fs/io_uring.c to io_uring/rw.c. */
  readonly elsewhere?: { readonly path: string; readonly place: Place };
}

/** Nobody reads a longer comparison, and it takes time by the square of the length. */
const longestHunk = 1000;

/** Below this share of agreeing lines a place is a coincidence, in the file itself and in another one. */
const plausible = 0.4;
const plausibleElsewhere = 0.6;

const share = (place: Place | undefined): number => (place ? place.agree / Math.max(1, place.wanted) : 0);

export const splitLines = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/**
 * Explains every hunk of a file's diff that does not find its lines.
 *
 * @param text the file as it is, undefined when there is none
 * @param others files that the code may have moved to; they are looked at only when the file itself
 * has nothing similar
 */
export function explainFile(
  diff: FileDiff,
  text: string | undefined,
  others: readonly TextFile[],
): HunkFailure[] {
  const file = diff.oldPath ?? diff.newPath ?? '';
  if (diff.oldPath === null) {
    return text === undefined ? [] : [{ file, hunk: '', lookedForAt: 1, reason: 'file-exists' }];
  }
  if (text === undefined && diff.hunks.length === 0) {
    return [{ file, hunk: '', lookedForAt: 1, reason: 'missing-file', ...movedTo(others) }];
  }
  const lines = text === undefined ? undefined : splitLines(text);
  return diff.hunks
    .map((hunk) => explainHunk({ file, lines, others }, hunk))
    .filter((failure) => failure !== undefined);
}

interface Where {
  readonly file: string;
  readonly lines: readonly string[] | undefined;
  readonly others: readonly TextFile[];
}

/** Explains one hunk; undefined when its lines are there. */
function explainHunk({ file, lines, others }: Where, hunk: Hunk): HunkFailure | undefined {
  const wanted = oldLines(hunk);
  const at = { file, hunk: hunk.header, lookedForAt: hunk.oldStart };
  if (lines === undefined)
    return { ...at, reason: 'missing-file', ...movedTo(others), ...bestElsewhere(others, wanted) };
  if (exactPlace(lines, wanted, hunk.oldStart) !== undefined) return undefined;
  // What a hunk leaves behind must say something: nothing at all, or a brace, stands everywhere.
  const made = newLines(hunk);
  const appliedAt = made.some(telling) ? exactPlace(lines, made, hunk.newStart) : undefined;
  if (appliedAt !== undefined) return { ...at, reason: 'already-applied', appliedAt };
  if (wanted.length > longestHunk) return { ...at, reason: 'differs' };
  const closest = closestPlace(lines, wanted, hunk.oldStart);
  if (closest && share(closest) >= plausible)
    return { ...at, reason: 'differs', closest, ...addedThere(lines, hunk, closest) };
  return { ...at, reason: 'nowhere', ...bestElsewhere(others, wanted) };
}

/** Part of a hunk may be applied: lines that it adds and does not look for, found round the place. */
function addedThere(lines: readonly string[], hunk: Hunk, { line }: Place): Pick<HunkFailure, 'addedThere'> {
  const old = new Set(oldLines(hunk).map((text) => text.trim()));
  const near = new Set(lines.slice(line - 1, line - 1 + hunk.lines.length).map((text) => text.trim()));
  const added = newLines(hunk).map((text) => text.trim());
  const fresh = added.filter((text) => telling(text) && !old.has(text));
  const count = fresh.filter((text) => near.has(text)).length;
  return count === 0 ? {} : { addedThere: { count, of: fresh.length } };
}

const movedTo = (others: readonly TextFile[]): Pick<HunkFailure, 'movedTo'> =>
  others.length === 0
    ? {}
    : { movedTo: [...new Set(others.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)))] };

function bestElsewhere(
  others: readonly TextFile[],
  wanted: readonly string[],
): Pick<HunkFailure, 'elsewhere'> {
  if (wanted.length > longestHunk) return {};
  let best: { path: string; place: Place } | undefined;
  for (const { path, text } of others) {
    const place = closestPlace(splitLines(text), wanted, 1);
    if (place && share(place) >= plausibleElsewhere && share(place) > share(best?.place))
      best = { path, place };
  }
  return best ? { elsewhere: best } : {};
}

/** The explanation as lines for a person; the first one stands by itself. */
export function renderFailure(failure: HunkFailure): string[] {
  const { file, hunk, lookedForAt, appliedAt, closest, elsewhere } = failure;
  const name = hunk === '' ? file : `${file}: ${hunk}`;
  const sentences: Record<HunkFailure['reason'], () => string[]> = {
    'file-exists': () => ['  the patch creates this file, but the tree has it already.'],
    'missing-file': () => [`  the tree has no such file.${moved(failure)}`, ...renderElsewhere(elsewhere)],
    'already-applied': () => [`  is already applied: what it makes stands at line ${appliedAt}.`],
    nowhere: () => [
      `  looked for at line ${lookedForAt}; the file has nothing like it.`,
      ...renderElsewhere(elsewhere),
    ],
    differs: () =>
      closest
        ? [...renderClosest(lookedForAt, closest), ...renderAdded(failure)]
        : ['  differs, and is too long to be compared line by line.'],
  };
  return [name, ...sentences[failure.reason]()].map(printable);
}

const renderClosest = (lookedForAt: number, closest: Place): string[] => [
  `  looked for at line ${lookedForAt}; the closest place is line ${closest.line}, where ${agreement(closest)}:`,
  ...renderPlace(closest),
];

const renderAdded = ({ addedThere }: HunkFailure): string[] =>
  addedThere === undefined
    ? []
    : [`  ${addedThere.count} of the ${addedThere.of} lines that it adds are there already.`];

const agreement = ({ agree, wanted }: Place): string =>
  `${agree === wanted ? `all ${wanted}` : `${agree} of ${wanted}`} lines agree`;

const moved = ({ movedTo }: HunkFailure): string =>
  movedTo === undefined
    ? ''
    : ` Its code may be below ${movedTo.map((dir) => dir || './').join(' or ')} there.`;

function renderElsewhere(elsewhere: HunkFailure['elsewhere']): string[] {
  if (elsewhere === undefined) return [];
  const { path, place } = elsewhere;
  return [`  The closest code is in ${path}, line ${place.line}, where ${agreement(place)}.`];
}
