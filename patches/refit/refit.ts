import type { RawHunk } from '../ingest/hunk.ts';
import { pathOf, type Section } from '../ingest/sections.ts';
import { exactPlace, telling } from '../locate.ts';
import { printable } from '../printable.ts';
import { type Reading, readingsIn } from './search.ts';
import { spelled } from './spelling.ts';

/** What had to be done for a hunk to fit. */
export type Effort =
  | 'none'
  /** Blanks or line breaks differed, and only one repair fits the file. */
  | 'blanks'
  /** Context lines at the hunk's edges differ from the file. */
  | 'fuzz';

export interface Refitted {
  readonly sections: readonly Section[];
  readonly effort: Effort;
  /** Every line that was treated otherwise than the patch says, for people. */
  readonly notes: readonly string[];
}

/** A file's lines as characters of the patch's own kind (bytes), undefined when there is no such file. */
export type ReadLines = (path: string) => readonly string[] | undefined;

/** No patch that a person wrote has more hunks. */
const mostHunks = 1000;

/** How many context lines at either end may differ, as patch(1) has it; one at least must agree. */
const mostFuzz = 2;

/**
 * Rewrites the hunks that do not fit their file so that they do: with blanks and line breaks as the file has them, or with
 * up to two context lines at either end replaced by the file's. Undefined when one of them fits nowhere,
 * or fits in more than one way.
 */
export function refit(sections: readonly Section[], read: ReadLines): Refitted | undefined {
  if (sections.reduce((sum, { hunks }) => sum + hunks.length, 0) > mostHunks) return undefined;
  const efforts = new Set<Effort>();
  const notes: string[] = [];
  const result: Section[] = [];
  for (const section of sections) {
    const path = oldPathOf(section);
    const file = path === undefined ? undefined : read(path);
    if (file === undefined) {
      if (!section.hunks.every(({ whole }) => whole)) return undefined;
      result.push(section);
      continue;
    }
    const hunks: RawHunk[] = [];
    for (const hunk of section.hunks) {
      const fitted = refitHunk(hunk, file);
      if (fitted === undefined) return undefined;
      efforts.add(fitted.effort);
      notes.push(...fitted.notes.map((note) => `${path}: ${note}`));
      hunks.push(fitted.hunk);
    }
    result.push({ header: section.header, hunks });
  }
  const effort = efforts.has('fuzz') ? 'fuzz' : efforts.has('blanks') ? 'blanks' : 'none';
  return { sections: result, effort, notes };
}

/** The file whose lines the hunks look for; undefined when the section makes a new one. */
function oldPathOf(section: Section): string | undefined {
  if (section.header.some((line) => line.startsWith('--- /dev/null') || line.startsWith('new file mode ')))
    return undefined;
  const renamed = section.header.find((line) => /^(?:rename|copy) from /.test(line));
  return renamed === undefined ? pathOf(section) : renamed.replace(/^\w+ from /, '');
}

interface FittedHunk {
  readonly hunk: RawHunk;
  readonly effort: Effort;
  readonly notes: readonly string[];
}

function refitHunk(hunk: RawHunk, file: readonly string[]): FittedHunk | undefined {
  const header = parseHeader(hunk.header);
  if (header === undefined) return undefined;
  const old = hunk.lines.filter((line) => /^[ -]/.test(line)).map((line) => line.slice(1));
  if (hunk.whole && exactPlace(file, old, header.oldStart) !== undefined)
    return { hunk, effort: 'none', notes: [] };
  return withOtherBlanks(hunk, header, file) ?? (hunk.whole ? withFuzz(hunk, header, file) : undefined);
}

interface Header {
  readonly oldStart: number;
  readonly oldCount: number;
  readonly newStart: number;
  readonly newCount: number;
  readonly rest: string;
}

function parseHeader(text: string): Header | undefined {
  const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/.exec(text);
  if (!match) return undefined;
  const [, oldStart, oldCount = 1, newStart, newCount = 1, rest = ''] = match;
  return {
    oldStart: Number(oldStart),
    oldCount: Number(oldCount),
    newStart: Number(newStart),
    newCount: Number(newCount),
    rest,
  };
}

function withOtherBlanks(hunk: RawHunk, header: Header, file: readonly string[]): FittedHunk | undefined {
  const readings = readingsIn(file, {
    lines: hunk.lines,
    oldCount: header.oldCount,
    newCount: header.newCount,
  });
  const reading = onlyOne(readings, header.oldStart);
  if (reading === undefined) return undefined;
  const { lines, respelled } = spelled(file, reading);
  const changed = reading.lines.filter(
    (line, i) => !line.startsWith('+') && line !== reading.sources[i],
  ).length;
  const notes = [
    `the hunk at line ${reading.at + 1} had other blanks or line breaks than the file in ${changed} of its lines; the file's were taken`,
    ...(respelled > 0
      ? [`${respelled} added line${respelled === 1 ? '' : 's'} of it got blanks after the file's example`]
      : []),
  ];
  return { hunk: made(lines, { ...header, oldStart: reading.at + 1 }), effort: 'blanks', notes };
}

/** The reading nearest to where the hunk should be, when all readings are the same lines. */
function onlyOne(readings: readonly Reading[], near: number): Reading | undefined {
  const texts = new Set(readings.map(({ lines }) => lines.join('\n')));
  if (texts.size !== 1) return undefined;
  return readings.reduce((best, one) =>
    Math.abs(one.at + 1 - near) < Math.abs(best.at + 1 - near) ? one : best,
  );
}

function made(lines: readonly string[], header: Header): RawHunk {
  const count = (kinds: RegExp): number => lines.filter((line) => kinds.test(line)).length;
  const { oldStart, rest } = header;
  const newStart = Math.max(0, oldStart + header.newStart - header.oldStart);
  return {
    header: `@@ -${oldStart},${count(/^[ -]/)} +${newStart},${count(/^[ +]/)} @@${rest}`,
    lines,
    whole: true,
    damage: [],
  };
}

function withFuzz(hunk: RawHunk, header: Header, file: readonly string[]): FittedHunk | undefined {
  const { lines } = hunk;
  const made = lines.filter((line) => /^[ +]/.test(line)).map((line) => line.slice(1));
  // What is applied already must not be fitted in a second time.
  if (made.some(telling) && exactPlace(file, made, header.newStart) !== undefined) return undefined;
  const lead = lines.findIndex((line) => !line.startsWith(' '));
  const trail = lines.length - 1 - lines.findLastIndex((line) => /^[+-]/.test(line));
  if (lead === -1) return undefined;
  for (const [first, last] of cuts(lead, trail)) {
    const kept = lines.slice(first, lines.length - last);
    const places = placesOf(kept, file);
    if (places.length > 1) return undefined;
    const [at] = places;
    if (at !== undefined) return fuzzy({ hunk, header, file, at, first, last });
  }
  return undefined;
}

/** How many context lines to do without at the beginning and the end, the fewest first. */
function cuts(lead: number, trail: number): [number, number][] {
  const all: [number, number][] = [];
  for (let first = 0; first <= Math.min(lead, mostFuzz); first += 1)
    for (let last = 0; last <= Math.min(trail, mostFuzz); last += 1)
      if (first + last > 0) all.push([first, last]);
  return all.toSorted((a, b) => a[0] + a[1] - b[0] - b[1] || Math.max(...a) - Math.max(...b));
}

/** Indices at which the old lines of what is kept stand; none when too little is kept to say anything. */
function placesOf(kept: readonly string[], file: readonly string[]): number[] {
  const old = kept.filter((line) => /^[ -]/.test(line)).map((line) => line.slice(1));
  if (!kept.some((line) => line.startsWith(' ') && telling(line))) return [];
  const places: number[] = [];
  for (let at = 0; at + old.length <= file.length; at += 1) {
    if (old.every((line, i) => file[at + i] === line)) places.push(at);
  }
  return places;
}

interface Fuzzy {
  readonly hunk: RawHunk;
  readonly header: Header;
  readonly file: readonly string[];
  readonly at: number;
  readonly first: number;
  readonly last: number;
}

function fuzzy({ hunk, header, file, at, first, last }: Fuzzy): FittedHunk {
  const { lines } = hunk;
  const kept = lines.slice(first, lines.length - last);
  const oldKept = kept.filter((line) => /^[ -]/.test(line)).length;
  const before = Math.min(first, at);
  const after = Math.min(last, file.length - at - oldKept);
  const own = (from: number, count: number): string[] =>
    file.slice(from, from + count).map((line) => ` ${line}`);
  const result = [...own(at - before, before), ...kept, ...own(at + oldKept, after)];
  const differences = [
    ...compared(lines.slice(0, first), at - first, file),
    ...compared(lines.slice(lines.length - last), at + oldKept, file),
  ];
  const notes = differences.map((note) => `the hunk at line ${at - before + 1} was fitted although ${note}`);
  return { hunk: made(result, { ...header, oldStart: at - before + 1 }), effort: 'fuzz', notes };
}

/** Sentences on every context line that is another one in the file; `from` is the index of the first one's place. */
function compared(wanted: readonly string[], from: number, file: readonly string[]): string[] {
  return wanted.flatMap((line, i) => {
    const own = file[from + i];
    if (own === line.slice(1)) return [];
    const has = own === undefined ? 'ends' : `has "${shown(own)}"`;
    return [`the file ${has} where the patch expects "${shown(line.slice(1))}" (line ${from + i + 1})`];
  });
}

const shown = (line: string): string =>
  printable(Buffer.from(line, 'latin1').toString('utf8').trim()).slice(0, 80);
