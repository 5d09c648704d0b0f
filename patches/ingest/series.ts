import { addressIn, type Digest, slug } from './digest.ts';

/** The patches of one version of a series, as far as they are there. */
export interface Series {
  readonly title: string;
  readonly author: string;
  readonly version: number;
  readonly total: number;
  readonly cover?: Digest;
  /** By part number, from 1, without gaps only when nothing is missing. */
  readonly parts: ReadonlyMap<number, Digest>;
  /** Part numbers that are not there. */
  readonly missing: readonly number[];
  /** Parts that came more than once; the later one was taken. */
  readonly repeated: readonly number[];
  /** Milliseconds since 1970 of its newest mail; 0 when no mail says. */
  readonly time: number;
  readonly ids: readonly string[];
}

/**
 * Sorts patch mails and cover letters into series. Mails belong together when version, number of parts and the words
 * in brackets agree and they answer one another, or the same mail and have one author, or lie in one directory; mails
 * that answer nothing fill the gaps of what their author sent before.
 */
export function seriesOf(mails: readonly Digest[]): Series[] {
  const classes = Map.groupBy(mails, ({ subject: { version, total, words } }) =>
    [version, total ?? 1, ...words].join('\n'),
  );
  return [...classes.values()].flatMap((same) =>
    (same[0]?.subject.total ?? 1) > 1
      ? connected(same).map(assembled)
      : same.map((mail) => assembled([mail])),
  );
}

const timeOf = ({ date }: Digest): number => date?.getTime() ?? 0;

/** Mails that were found to belong together. */
interface Group {
  readonly mails: Digest[];
  /** Their own Message-IDs, and those of what they answer. */
  readonly own: Set<string>;
  readonly answered: Set<string>;
}

/** Groups of mails that are linked by what they answer, each in the order of time. */
function connected(mails: readonly Digest[]): Digest[][] {
  const groups: Group[] = [];
  for (const mail of mails.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    const linked = groups.filter((group) => isLinked(group, mail));
    const gap = mail.parents.length === 0 ? groups.findLast((group) => fits(group.mails, mail)) : undefined;
    const home = linked[0] ?? gap ?? { mails: [], own: new Set<string>(), answered: new Set<string>() };
    if (!groups.includes(home)) groups.push(home);
    home.mails.push(mail);
    if (mail.id !== '') home.own.add(mail.id);
    for (const id of mail.parents) home.answered.add(id);
    for (const other of linked.slice(1)) {
      home.mails.push(...other.mails);
      for (const id of other.own) home.own.add(id);
      for (const id of other.answered) home.answered.add(id);
      groups.splice(groups.indexOf(other), 1);
    }
  }
  return groups.map((group) => group.mails.toSorted((a, b) => timeOf(a) - timeOf(b)));
}

function isLinked({ mails, own, answered }: Group, mail: Digest): boolean {
  if (mail.directory !== undefined && mails.some(({ directory }) => directory === mail.directory))
    return true;
  if (answered.has(mail.id) || mail.parents.some((id) => own.has(id))) return true;
  const author = addressIn(mail.author);
  return (
    mail.parents.some((id) => answered.has(id)) && mails.some((other) => addressIn(other.author) === author)
  );
}

/** Series are sent in one go, also when nothing links their mails. */
const longestSending = 6 * 3600 * 1000;

const fits = (group: readonly Digest[], mail: Digest): boolean =>
  group.every(({ subject }) => subject.part !== mail.subject.part) &&
  group.some(
    (other) =>
      addressIn(other.author) === addressIn(mail.author) &&
      Math.abs(timeOf(other) - timeOf(mail)) <= longestSending,
  );

function assembled(mails: readonly Digest[]): Series {
  const total = mails[0]?.subject.total ?? 1;
  const parts = new Map<number, Digest>();
  const repeated = new Set<number>();
  let cover: Digest | undefined;
  for (const mail of mails) {
    const part = mail.subject.part ?? 1;
    if (mail.kind === 'cover') cover = mail;
    else {
      if (parts.has(part)) repeated.add(part);
      parts.set(part, mail);
    }
  }
  const numbers = Array.from({ length: Math.min(total, mostParts) }, (_, i) => i + 1);
  // A cover letter that nobody filled in is titled "*** SUBJECT HERE ***".
  const titled = cover !== undefined && /[a-z]/.test(cover.subject.title) ? cover : undefined;
  const head = titled ?? parts.get(1) ?? mails[0];
  return {
    title: head?.subject.title ?? '',
    author: head?.author ?? '',
    version: head?.subject.version ?? 1,
    total,
    ...(cover === undefined ? {} : { cover }),
    parts: new Map([...parts].toSorted(([a], [b]) => a - b)),
    missing: numbers.filter((number) => !parts.has(number)),
    repeated: [...repeated].toSorted((a, b) => a - b),
    time: Math.max(0, ...mails.map(timeOf)),
    ids: mails.flatMap(({ id, parents }) => [id, ...parents]).filter((id) => id !== ''),
  };
}

/** A subject may claim any number. */
const mostParts = 1000;

/** Versions of one piece of work, the newest first. */
export type Family = readonly Series[];

/** Series of the same author with the same title, or linked by what they answer, are versions of one another. */
export function familiesOf(all: readonly Series[]): Family[] {
  const families: { key: string; ids: Set<string>; series: Series[] }[] = [];
  for (const series of all) {
    const key = `${addressIn(series.author)}\n${slug(series.title)}`;
    const known = families.filter(
      (family) =>
        family.key === key ||
        (addressIn(family.series[0]?.author ?? '') === addressIn(series.author) &&
          family.series.every(({ version }) => version !== series.version) &&
          series.ids.some((id) => family.ids.has(id))),
    );
    const home = known[0] ?? { key, ids: new Set<string>(), series: [] };
    if (known.length === 0) families.push(home);
    home.series.push(series);
    for (const id of series.ids) home.ids.add(id);
  }
  return families.map(({ series }) => series.toSorted((a, b) => b.version - a.version || b.time - a.time));
}
