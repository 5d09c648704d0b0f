import type { TextPart } from '../mail/mime.ts';
import type { Damage } from './hunk.ts';
import { type BodyLine, bodyLines } from './lines.ts';
import { mended } from './mend.ts';
import { isWhole, keysOf, pathOf, type ReadSection, readSections, type Section } from './sections.ts';
import { depthsWithDiffs, type Item, viewAt } from './view.ts';

/** A diff that stands in a message: one file or several that belong together. */
export interface FoundDiff {
  /** How often it is quoted; 0 for the sender's own. */
  readonly depth: number;
  /** The number its author gave it: `1` for `[1]`. */
  readonly label?: string;
  readonly sections: readonly Section[];
  /** Every hunk has the lines that its header promises. */
  readonly whole: boolean;
  readonly damage: readonly Damage[];
  readonly keys: readonly string[];
  /** The words round it, of the same depth (bytes as characters). */
  readonly words: string;
}

/** The message's text, split at its first diff and behind its last one. */
export interface Frame {
  readonly before: string;
  readonly after: string;
}

/**
 * The diffs of a text that is a patch as a whole, as git am would read it: what stands at its left
 * margin, whatever is written between the files. Undefined when there is none.
 */
export function patchIn(part: TextPart): { diff: FoundDiff; frame: Frame } | undefined {
  const lines = bodyLines(part);
  const items = viewAt(lines, 0);
  const sections = readSections(items, 0);
  const [first] = sections;
  const last = sections.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const texts = (from: number, to: number): string =>
    lines
      .slice(from, to)
      .map(({ full }) => `${full}\n`)
      .join('');
  const frame = {
    before: texts(0, lineOf(items[first.start])),
    after: texts(lineOf(items[last.end - 1]) + 1, lines.length),
  };
  const flat = lines.some(({ loss }) => loss === 'breaks');
  const { flowed, crLf = false } = part;
  return { diff: found(sections, { depth: 0, flowed, flat, crLf, words: frame.before }), frame };
}

const lineOf = (item: Item | undefined): number => (item?.kind === 'line' ? item.line : 0);

/** The diffs inside a discussion, each with its number and the words round it, at any depth of quoting. */
export function diffsIn(part: TextPart): FoundDiff[] {
  const lines = bodyLines(part);
  return depthsWithDiffs(lines).flatMap((depth) => diffsAt(lines, depth, part));
}

function diffsAt(lines: readonly BodyLine[], depth: number, { flowed, crLf = false }: TextPart): FoundDiff[] {
  const items = viewAt(lines, depth);
  const sections = readSections(items, depth);
  const where = {
    depth,
    flowed,
    crLf,
    flat: lines.some(({ loss }) => loss === 'breaks'),
    words: wordsOutside(items, sections),
  };
  const groups: { label: string | undefined; sections: ReadSection[]; paths: Set<string> }[] = [];
  let previousEnd = 0;
  for (const section of sections) {
    const between = proseIn(items.slice(previousEnd, section.start));
    const label = labelIn(between);
    const path = pathOf(section);
    const group = groups.at(-1);
    if (group === undefined || between.length > 0 || group.paths.has(path)) {
      groups.push({ label, sections: [section], paths: new Set([path]) });
    } else {
      group.sections.push(section);
      group.paths.add(path);
    }
    previousEnd = section.end;
  }
  return groups.map((group) => found(group.sections, { ...where, label: group.label }));
}

interface Where {
  readonly depth: number;
  readonly flowed: boolean;
  /** Line breaks were lost and found again. */
  readonly flat: boolean;
  readonly crLf: boolean;
  readonly words: string;
  readonly label?: string | undefined;
}

function found(sections: readonly ReadSection[], where: Where): FoundDiff {
  const { depth, flowed, words, label } = where;
  const bare = sections.map(({ header, hunks }) => ({ header, hunks }));
  const repaired = mended(bare, { surplus: depth > 0 || flowed, flat: where.flat });
  const broken = bare.flatMap((section) =>
    section.hunks.flatMap((hunk) =>
      hunk.damage.map(({ note, mended }) => ({ note: `${pathOf(section)}: ${note}`, mended })),
    ),
  );
  return {
    depth,
    ...(label === undefined ? {} : { label }),
    sections: repaired.sections,
    whole: bare.every(isWhole),
    damage: [
      ...(where.crLf ? [{ note: 'every line ended in CR LF; they end in LF now', mended: true }] : []),
      ...broken,
      ...repaired.damage,
    ],
    keys: keysOf(repaired.sections),
    words,
  };
}

const proseIn = (items: readonly Item[]): string[] =>
  items.flatMap((item) => (item.kind === 'line' && item.text.trim() !== '' ? [item.text.trim()] : []));

const label = /^(?:diff |patch )?[[(](\d+(?:\.\d+)?)[\])][:.]?(\s|$)/i;

/** `[1]` on a line before the diff, alone or with a few words behind it. */
const labelIn = (prose: readonly string[]): string | undefined => label.exec(prose.at(-1) ?? '')?.[1];

/** What is written outside of the diffs, without their numbers, the signature, and who is quoted. */
function wordsOutside(items: readonly Item[], sections: readonly ReadSection[]): string {
  const inside = new Set(
    sections.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
  );
  const lines: string[] = [];
  for (const [at, item] of items.entries()) {
    if (item.kind === 'gap') lines.push('');
    if (item.kind !== 'line' || inside.has(at)) continue;
    if (item.text.trimStart() === '-- ') break;
    const text = item.text.trimEnd().replace(/^ /, '');
    if (label.exec(text)?.[2] !== '') lines.push(text);
  }
  return tidied(lines.join('\n'));
}

/** Prose without the lines that say whom it answers, and with single empty lines. */
export const tidied = (text: string): string =>
  text
    .replaceAll(/^On .{8,200} wrote:$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
