import { createHash } from 'node:crypto';
import { hunkHeader, type RawHunk, readHunk, unpadded } from './hunk.ts';
import { bodyLines } from './lines.ts';
import { type Item, viewAt } from './view.ts';

/** What a message says about one file: the header lines and the hunks. */
export interface Section {
  readonly header: readonly string[];
  readonly hunks: readonly RawHunk[];
}

export interface ReadSection extends Section {
  /** Indices of the first item and of the one behind the last. */
  readonly start: number;
  readonly end: number;
}

// git's extended header lines (git-diff(1)).
const extended =
  /^(?:(?:old|new) mode |(?:new|deleted) file mode |(?:rename|copy) (?:from|to) |rename (?:old|new) |(?:dis)?similarity index |index [0-9a-f]+\.\.|--- |\+\+\+ |GIT binary patch|Binary files )/;

/** The sections of a diff that nothing stands round. */
export function sectionsIn(diff: Uint8Array): Section[] {
  const text = Buffer.from(diff).toString('latin1');
  const lines = bodyLines({ text, flowed: false, charset: '' }).map((line) => ({ ...line, depth: 0 }));
  return readSections(viewAt(lines, 0), 0).map(({ header, hunks }) => ({ header, hunks }));
}

/** All sections that begin in a view, in order. */
export function readSections(items: readonly Item[], depth: number): ReadSection[] {
  const sections: ReadSection[] = [];
  for (let at = 0; at < items.length; ) {
    const pad = startOfSection(items, at, depth);
    const section = pad === undefined ? undefined : readSection(items, at, pad);
    if (section) sections.push(section);
    at = section?.end ?? at + 1;
  }
  return sections;
}

const textAt = (items: readonly Item[], at: number, pad: string): string | undefined => {
  const item = items[at];
  return item?.kind === 'line' ? unpadded(item.text, pad) : undefined;
};

/** The blanks before a diff's first line, or undefined when none begins here. */
function startOfSection(items: readonly Item[], at: number, depth: number): string | undefined {
  const item = items[at];
  const match = item?.kind === 'line' ? /^([ \t]*)(diff --git |--- )(?=\S)/.exec(item.text) : null;
  const pad = match?.[1] ?? '';
  // An indented diff without quote marks is an example in somebody's prose.
  if (!match || (depth === 0 && pad !== '') || pad.length > 8) return undefined;
  if (match[2] === 'diff --git ') return readHeader(items, at, pad) && pad;
  const next = textAt(items, at + 1, pad) ?? '';
  return next.startsWith('+++ ') && hunkHeader.test(textAt(items, at + 2, pad) ?? '') ? pad : undefined;
}

const isHeaderLine = (text: string): boolean => extended.test(text) && !/^--- *$/.test(text);

interface Header {
  readonly lines: readonly string[];
  /** Index of the item behind it. */
  readonly end: number;
}

/** The header below a `diff --git` line, or undefined when that line is a sentence about git. */
function readHeader(items: readonly Item[], start: number, pad: string): Header | undefined {
  const lines = [textAt(items, start, pad) ?? ''];
  let at = start + 1;
  for (
    let text = textAt(items, at, pad);
    text !== undefined && isHeaderLine(text);
    text = textAt(items, at, pad)
  ) {
    lines.push(text);
    at += 1;
  }
  if (lines.length > 1 || !lines[0]?.startsWith('diff --git ')) return { lines, end: at };
  return rewrapped(items, start, pad);
}

/** How many lines mail software makes of the two before `---`. */
const mostWrapped = 5;

/** A header whose lines above `---` were joined and broken at other places. */
function rewrapped(items: readonly Item[], start: number, pad: string): Header | undefined {
  const texts = Array.from({ length: mostWrapped + 2 }, (_, i) => textAt(items, start + i, pad) ?? '');
  const old = texts.findIndex((text) => text.startsWith('--- '));
  if (old === -1 || !texts[old + 1]?.startsWith('+++ ')) return undefined;
  const joined = texts
    .slice(0, old)
    .map((text) => text.trim())
    .join(' ');
  const lines = joined.split(
    / (?=(?:index [0-9a-f]+\.\.|(?:new|deleted) file mode |(?:old|new) mode |similarity index ))/,
  );
  return { lines: [...lines, ...texts.slice(old, old + 2)], end: start + old + 2 };
}

function readSection(items: readonly Item[], start: number, pad: string): ReadSection | undefined {
  const header = readHeader(items, start, pad);
  if (header === undefined) return undefined;
  let at = header.end;
  const hunks: RawHunk[] = [];
  for (let place = nextHunk(items, at, pad); place !== undefined; place = nextHunk(items, at, pad)) {
    const { next, ...hunk } = readHunk({ items, at: place, pad });
    hunks.push(hunk);
    at = next;
  }
  // "GIT binary patch" is not read; who sees the header refuses it.
  return { header: header.lines, hunks, start, end: at };
}

/** The `@@` line that comes next, perhaps behind somebody's comment and the empty lines round it. */
function nextHunk(items: readonly Item[], from: number, pad: string): number | undefined {
  let at = from;
  for (let blank = 0; blank <= 2; at += 1) {
    const item = items[at];
    if (item?.kind === 'gap') continue;
    const text = textAt(items, at, pad);
    if (text === undefined) return undefined;
    if (hunkHeader.test(text)) return at;
    if (text.trim() !== '') return undefined;
    blank += 1;
  }
  return undefined;
}

/** A header that promises hunks has some, and each of them has all its lines. */
export function isWhole({ header, hunks }: Section): boolean {
  if (hunks.length > 0) return hunks.every(({ whole }) => whole);
  return (
    header.some((line) =>
      /^(?:old mode|new file mode|deleted file mode|rename from|copy from|GIT binary patch|Binary files) ?/.test(
        line,
      ),
    ) && !header.some((line) => line.startsWith('--- '))
  );
}

/** The sections as a diff, without anything round it. */
export const diffText = (sections: readonly Section[]): string =>
  sections
    .flatMap(({ header, hunks }) => [...header, ...hunks.flatMap((hunk) => [hunk.header, ...hunk.lines])])
    .map((line) => `${line}\n`)
    .join('');

/** The path a section changes: the new one, or the old one of a file that goes. */
export function pathOf({ header }: Section): string {
  const named = (start: RegExp): string | undefined =>
    header
      .find((line) => start.test(line))
      ?.replace(start, '')
      .replace(/\t.*$/, '')
      .trim();
  const found = [named(/^\+\+\+ /), named(/^--- /)].find(
    (path) => path !== undefined && path !== '/dev/null',
  );
  if (found !== undefined) return found.replace(/^[^/]*\//, '');
  return named(/^(?:rename|copy) to /) ?? / b\/(.*)$/.exec(header[0] ?? '')?.[1] ?? '';
}

const digest = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex');

/** What a hunk changes, whatever happened to its blanks and its context. */
const hunkKey = (path: string, hunk: RawHunk): string =>
  digest(
    [
      path,
      ...hunk.lines.filter((line) => /^[+-]/.test(line)).map((line) => line.replaceAll(/\s+/g, '')),
    ].join('\n'),
  );

/** One key for each hunk, and for each section that has none; equal changes have equal keys. */
export const keysOf = (sections: readonly Section[]): string[] =>
  sections.flatMap((section) =>
    section.hunks.length === 0
      ? [digest([pathOf(section), ...section.header.filter((line) => !line.startsWith('index '))].join('\n'))]
      : section.hunks.map((hunk) => hunkKey(pathOf(section), hunk)),
  );
