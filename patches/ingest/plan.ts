import { type DiffDigest, type Digest, nameIn, slug } from './digest.ts';
import type { Stack } from './input.ts';
import { familiesOf, type Series, seriesOf } from './series.ts';

/** One patch of a candidate to be: a whole mail, or one of the diffs in it. */
export interface Piece {
  readonly mail: Digest;
  readonly diff: DiffDigest;
}

/** A candidate that can be made of the input. */
export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly kind: 'series' | 'diff' | 'stack';
  readonly pieces: readonly Piece[];
  readonly cover?: Digest;
  readonly version: number;
  /** `newest` of the versions that are complete; `superseded` by a newer one. */
  readonly status: 'newest' | 'superseded';
  readonly stack?: Stack;
  readonly notes: readonly string[];
}

/** Work that lacks a part, or that cannot be read. */
export interface Leftover {
  readonly title: string;
  readonly reason: string;
}

export interface Planned {
  readonly plans: readonly Plan[];
  readonly incomplete: readonly Leftover[];
  readonly broken: readonly Leftover[];
  /** How many copies of what is a candidate anyway were passed over, and how many quoted fragments. */
  readonly quotations: number;
  readonly fragments: number;
  /** The versions that series have, for a message. */
  readonly versions: readonly number[];
}

export interface Choice {
  /** This version of every series; by default all that are complete. */
  readonly version?: number | undefined;
  /** Only work whose title has these words, in capitals or not. */
  readonly match?: string | undefined;
  /** Take series that lack parts. */
  readonly incomplete: boolean;
  /** There is a tree that may tell what damaged diffs were. */
  readonly rescue: boolean;
  /** What a candidate is called that no subject names. */
  readonly fallbackName: string;
}

/** Decides which candidates the mails hold. */
export function planMails(mails: readonly Digest[], choice: Choice): Planned {
  const own = unique(mails);
  const matches = (title: string): boolean =>
    choice.match === undefined || title.toLowerCase().includes(choice.match.toLowerCase());
  const all = seriesOf(own.filter(({ kind }) => kind === 'patch' || kind === 'cover')).filter(
    ({ parts }) => parts.size > 0,
  );
  const matching = all.filter(({ title }) => matches(title));
  const plans: Plan[] = [];
  const incomplete: Leftover[] = [];
  const made = new Set<string>();
  let repeats = 0;
  for (const family of familiesOf(matching)) {
    const wanted = family.filter(({ version }) => choice.version === undefined || version === choice.version);
    const usable = wanted.filter(({ missing }) => missing.length === 0 || choice.incomplete);
    for (const one of wanted) {
      const change = [...one.parts.values()].flatMap(({ patch }) => patch?.keys ?? []).join();
      if (!usable.includes(one)) incomplete.push({ title: titleOf(one), reason: missingWords(one) });
      else if (made.has(change)) repeats += 1;
      else plans.push(seriesPlan(one, one === usable[0], choice.fallbackName));
      if (usable.includes(one)) made.add(change);
    }
  }
  const discussed = planDiffs(own, choice);
  return {
    plans: [...plans, ...discussed.plans.filter(({ title }) => matches(title))],
    incomplete,
    broken: discussed.broken,
    quotations: discussed.quotations + repeats,
    fragments: discussed.fragments,
    versions: [...new Set(matching.map(({ version }) => version))].toSorted((a, b) => a - b),
  };
}

/** Archives hold the same mail more than once: one copy for each list. */
function unique(mails: readonly Digest[]): Digest[] {
  const seen = new Set<string>();
  return mails.filter(({ id, index }) => {
    const key = `${id}\n${index}`;
    if (id !== '' && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const titleOf = ({ title, version, total }: Series): string =>
  `${title}${version > 1 ? `, v${version}` : ''}${total > 1 ? ` (${total} patches)` : ''}`;

function missingWords({ missing, total, parts }: Series): string {
  const one = missing.length === 1;
  const there = parts.size === 1 ? 'only part' : 'parts';
  return `part${one ? '' : 's'} ${ranges(missing)} of ${total} ${one ? 'is' : 'are'} missing; there ${parts.size === 1 ? 'is' : 'are'} ${there} ${ranges([...parts.keys()])}`;
}

/** `1, 3-5, 9` */
function ranges(numbers: readonly number[]): string {
  const runs: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.to === number - 1) run.to = number;
    else runs.push({ from: number, to: number });
  }
  return runs.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

function seriesPlan(series: Series, newest: boolean, fallbackName: string): Plan {
  const { parts, version, cover, missing, repeated } = series;
  const pieces = [...parts.values()].flatMap((mail) => (mail.patch ? [{ mail, diff: mail.patch }] : []));
  const suffix = version > 1 ? `-v${version}` : '';
  const part = missing.length > 0 && pieces.length === 1 ? pieces[0]?.mail.subject : undefined;
  const title = part?.title ?? series.title;
  return {
    name: `${slug(title) || slug(fallbackName) || 'patch'}${suffix}`,
    title: title || fallbackName,
    kind: 'series',
    pieces,
    ...(cover === undefined ? {} : { cover }),
    version,
    status: newest ? 'newest' : 'superseded',
    notes: [
      ...(missing.length > 0 ? [missingWords(series)] : []),
      ...(repeated.length > 0
        ? [`part ${repeated.join(', ')} came more than once; the last one was taken`]
        : []),
    ],
  };
}

interface Discussed {
  readonly plans: readonly Plan[];
  readonly broken: readonly Leftover[];
  readonly quotations: number;
  readonly fragments: number;
}

/** Diffs inside discussions: each change once, in its best copy, unless it is part of a patch that is there. */
function planDiffs(mails: readonly Digest[], choice: Choice): Discussed {
  const patches = mails.flatMap(({ patch }) => (patch?.whole ? [patch.keys] : []));
  const equal = new Set(patches.map((keys) => keys.join()));
  const known = new Set(patches.flat());
  const found = new Map<string, Piece[]>();
  const count = { quotations: 0, fragments: 0 };
  const broken: Piece[] = [];
  const add = (piece: Piece): void => {
    const key = piece.diff.keys.join();
    found.set(key, [...(found.get(key) ?? []), piece]);
    for (const one of piece.diff.keys) known.add(one);
  };
  const pieces = mails.flatMap((mail) => mail.diffs.map((diff): Piece => ({ mail, diff })));
  for (const piece of pieces.filter(({ diff }) => diff.depth === 0)) {
    if (!piece.diff.whole) broken.push(piece);
    else if (equal.has(piece.diff.keys.join())) count.quotations += 1;
    else add(piece);
  }
  // The longest quotation first: replies cut away what they do not answer.
  const quoted = pieces
    .filter(({ diff }) => diff.depth > 0)
    .toSorted((a, b) => b.diff.keys.length - a.diff.keys.length);
  for (const piece of quoted) {
    const copies = found.get(piece.diff.keys.join());
    if (piece.diff.whole && copies) copies.push(piece);
    else if (piece.diff.keys.every((key) => known.has(key))) count.quotations += 1;
    else if (piece.diff.whole) add(piece);
    else if (choice.rescue && !piece.diff.keys.some((key) => known.has(key))) broken.push(piece);
    else count.fragments += 1;
  }
  for (const copies of found.values()) count.quotations += copies.length - 1;
  const plans = [...found.values()].map((copies) => diffPlan(copies, choice.fallbackName));
  const rescued = choice.rescue ? broken.map((piece) => diffPlan([piece], choice.fallbackName)) : [];
  return {
    ...count,
    plans: [...plans, ...rescued],
    broken: choice.rescue ? [] : broken.map(({ mail }) => ({ title: mail.ref.where, reason: notWhole })),
  };
}

/** Why a diff is left out that has fewer or more lines than it says. */
export const notWhole =
  'its diff has fewer or other lines than its hunks promise; --tree may help, or the message as raw text';

/** The copy that lost least; of equals the sender's own, then the first. */
const bestOf = (pieces: readonly Piece[]): Piece =>
  pieces.toSorted(
    (a, b) =>
      lossOf(a) - lossOf(b) ||
      a.diff.depth - b.diff.depth ||
      (a.mail.date?.getTime() ?? 0) - (b.mail.date?.getTime() ?? 0),
  )[0] as Piece;

const lossOf = ({ diff }: Piece): number => diff.damage.filter(({ mended }) => !mended).length;

function diffPlan(copies: readonly Piece[], fallbackName: string): Plan {
  const { mail, diff: best } = bestOf(copies);
  const label = best.label ?? copies.find(({ diff }) => diff.label !== undefined)?.diff.label;
  const diff = label === undefined ? best : { ...best, label };
  const { title } = mail.subject;
  const base = slug(title) || slug(fallbackName) || 'discussion';
  const which = diff.label === undefined ? 'a diff' : `diff [${diff.label}]`;
  const who = diff.depth === 0 && mail.author !== '' ? ` by ${nameIn(mail.author)}` : '';
  const quoted = diff.depth === 0 ? '' : `, quoted ${diff.depth === 1 ? 'once' : `${diff.depth} times`}`;
  return {
    name: `${base}-${diff.label?.replaceAll('.', '-') ?? 'diff'}`,
    title: `${title || fallbackName}: ${which}${who}${quoted}`,
    kind: 'diff',
    pieces: [{ mail, diff }],
    version: 1,
    status: 'newest',
    notes: [],
  };
}

/** Plans that would have the same name get numbers behind it. */
export function namedApart(plans: readonly Plan[]): Plan[] {
  const taken = new Map<string, number>();
  return plans.map((plan) => {
    const count = (taken.get(plan.name) ?? 0) + 1;
    taken.set(plan.name, count);
    return count === 1 ? plan : { ...plan, name: `${plan.name}-no${count}` };
  });
}
