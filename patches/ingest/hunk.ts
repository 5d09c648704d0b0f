import { printable } from '../printable.ts';
import type { Item } from './view.ts';

/** Something that mail software did. */
export interface Damage {
  readonly note: string;
  /** It was put right for certain, with what the mail itself says. */
  readonly mended: boolean;
}

/** One hunk as a mail has it. */
export interface RawHunk {
  readonly header: string;
  /** With their first character; of a hunk that is not whole all lines that may belong to it. */
  readonly lines: readonly string[];
  /** The lines are as many as the header promises. */
  readonly whole: boolean;
  readonly damage: readonly Damage[];
}

export interface ReadHunk extends RawHunk {
  /** Index of the item behind the hunk. */
  readonly next: number;
}

/** Where a hunk begins: its items, the index of the `@@` line, and the blanks that belong to the quote mark. */
export interface HunkPlace {
  readonly items: readonly Item[];
  readonly at: number;
  readonly pad: string;
}

export const hunkHeader = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Lines narrower than this were not broken by mail software (RFC 5322 recommends 78, flowed text has 66 to 72). */
const narrowestBroken = 50;

const isWide = (line: string): boolean => line.replaceAll('\t', '        ').length >= narrowestBroken;

/** The text of a line once the quote mark's blank is gone; software that trims lines trims it too. */
export const unpadded = (text: string, pad: string): string =>
  text.startsWith(pad) ? text.slice(pad.length) : text.trimStart() === '' ? '' : text;

type Mode = 'strict' | 'wrapped' | 'soft' | 'lossy' | 'flat';

/**
 * Reads a hunk by the counts in its header: first as it stands, then with lines that have no marker taken as
 * the rest of the line before, then with every soft line break undone. What fits first is it.
 */
export function readHunk(place: HunkPlace): ReadHunk {
  for (const mode of modesFor(place)) {
    const read = new Reader(place, mode).read();
    if (read !== undefined) return read;
  }
  return rest(place);
}

function modesFor({ items, at }: HunkPlace): Mode[] {
  const losses = new Set(items.slice(at, at + 8).map((item) => (item.kind === 'line' ? item.loss : 'none')));
  if (losses.has('breaks')) return ['flat'];
  return losses.has('blanks') ? ['strict', 'wrapped', 'soft', 'lossy'] : ['strict', 'wrapped', 'soft'];
}

class Reader {
  readonly #items: readonly Item[];
  readonly #pad: string;
  readonly #mode: Mode;
  readonly #lines: string[] = [];
  readonly #damage: Damage[] = [];
  #header = '';
  #at: number;
  #oldLeft = 0;
  #newLeft = 0;
  /** The last line read can go on in the next one. */
  #open: 'no' | 'long' | 'soft' = 'no';

  constructor({ items, at, pad }: HunkPlace, mode: Mode) {
    this.#items = items;
    this.#at = at;
    this.#pad = pad;
    this.#mode = mode;
  }

  read(): ReadHunk | undefined {
    this.#header = this.#next() ?? '';
    this.#open = isWide(this.#header) ? 'long' : 'no';
    const counts = hunkHeader.exec(this.#header);
    this.#oldLeft = Number(counts?.[1] ?? 1);
    this.#newLeft = Number(counts?.[2] ?? 1);
    while (this.#oldLeft > 0 || this.#newLeft > 0) {
      const text = this.#next();
      if (text === undefined || !this.#take(text)) {
        if (!(this.#mode === 'flat' || this.#mode === 'lossy') || !this.#blanksLost()) return undefined;
        if (text !== undefined) this.#at -= 1;
        break;
      }
    }
    this.#tail();
    return { header: this.#header, lines: this.#lines, whole: true, damage: this.#damage, next: this.#at };
  }

  #next(): string | undefined {
    while (this.#items[this.#at]?.kind === 'gap') this.#at += 1;
    const item = this.#items[this.#at];
    if (item?.kind !== 'line') return undefined;
    this.#at += 1;
    return unpadded(item.text, this.#pad);
  }

  #softBefore(): boolean {
    const item = this.#items[this.#at - 2];
    return item?.kind === 'line' && item.soft;
  }

  #take(text: string): boolean {
    // No line of a hunk looks like this, whatever was done to it.
    if (/^(?:@@ -\d|diff --git )/.test(text)) return false;
    if (this.#mode === 'soft' && this.#softBefore()) return this.#join(text);
    const kind = text === '' || text === '\r' ? ' ' : (text[0] ?? '');
    if (!' +-\\'.includes(kind)) {
      if (this.#mode === 'flat') return this.#count(' ', ` ${text}`);
      return this.#mode !== 'strict' && this.#open !== 'no' && this.#join(text);
    }
    return this.#count(kind, text === '' ? ' ' : text);
  }

  #count(kind: string, text: string): boolean {
    if (kind === ' ' || kind === '-') this.#oldLeft -= 1;
    if (kind === ' ' || kind === '+') this.#newLeft -= 1;
    this.#lines.push(text);
    this.#open = isWide(text) ? 'long' : this.#softBefore() ? 'soft' : 'no';
    return this.#oldLeft >= 0 && this.#newLeft >= 0;
  }

  /** Mail software breaks lines at blanks; in flowed text the blank is still there. */
  #join(text: string): boolean {
    const before = this.#lines.pop() ?? this.#header;
    const joined = before.endsWith(' ') ? before + text : `${before} ${text}`;
    if (before === this.#header) this.#header = joined;
    else this.#lines.push(joined);
    this.#open = 'long';
    this.#damage.push({ note: `joined a line that was broken in two: "${shown(joined)}"`, mended: true });
    return true;
  }

  #tail(): void {
    const before = this.#at;
    const text = this.#next();
    if (text?.startsWith('\\ ')) this.#lines.push(text);
    else this.#at = before;
  }

  /** Where line breaks were lost, empty lines were too; which ones is told by their number and by C's habits. */
  #blanksLost(): boolean {
    const missing = this.#oldLeft;
    if (missing <= 0 || missing !== this.#newLeft || missing > (this.#mode === 'flat' ? 3 : 1)) return false;
    for (let i = 0; i < missing; i += 1) {
      const at = likeliestBlank(this.#lines);
      const after = this.#lines[at - 1];
      this.#lines.splice(at, 0, ' ');
      const where = after === undefined ? 'at the top' : `behind "${shown(after)}"`;
      this.#damage.push({
        note: `an empty line is missing; it was put ${where}, which is a guess`,
        mended: false,
      });
    }
    return true;
  }
}

const shown = (line: string): string => printable(line.trim().slice(0, 60));

/** Where among the context lines at the end or the beginning an empty line most likely was. */
function likeliestBlank(lines: readonly string[]): number {
  const firstChange = lines.findIndex((line) => !line.startsWith(' '));
  const lastChange = lines.findLastIndex((line) => !line.startsWith(' '));
  const leading = firstChange === -1 ? lines.length : firstChange;
  const trailing = lines.length - 1 - lastChange;
  // git gives three lines of context on either side, fewer only at the edge of the file.
  const places: number[] = [];
  if (leading < 3) for (let at = 0; at <= leading; at += 1) places.push(at);
  if (trailing < 3) for (let at = lastChange + 1; at <= lines.length; at += 1) places.push(at);
  if (places.length === 0) for (let at = 0; at <= lines.length; at += 1) places.push(at);
  const score = (at: number): number => {
    const before = lines[at - 1]?.slice(1).trim() ?? '';
    const after = lines[at]?.slice(1).trim() ?? '';
    let points = before === '' || after === '' ? -1 : 0;
    if (/[;}]$/.test(before)) points += 1;
    if (before === '}') points += 1;
    if (/^(?:\/\*|static |struct |int |return )/.test(after)) points += 1;
    if (after.startsWith('}') || /[{(,]$/.test(before)) points -= 3;
    return points;
  };
  return places.reduce((best, at) => (score(at) > score(best) ? at : best));
}

/** All that may belong to a hunk whose counts do not come out, for a repair that knows the file. */
function rest({ items, at, pad }: HunkPlace): ReadHunk {
  const head = items[at];
  const header = head?.kind === 'line' ? unpadded(head.text, pad) : '';
  const lines: string[] = [];
  let next = at + 1;
  for (; next < items.length; next += 1) {
    const item = items[next];
    if (item?.kind === 'gap') continue;
    if (item?.kind !== 'line') break;
    const text = unpadded(item.text, pad);
    if (/^(?:@@ |diff --git |-- $)/.test(text)) break;
    lines.push(text);
  }
  return { header, lines, whole: false, damage: [], next };
}
