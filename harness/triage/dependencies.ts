/** Lock orders: whether `to` was ever taken while `from` was held. Names are those of lock classes without `#N`. */
export interface Orders {
  has(from: string, to: string): boolean;
}

/** Lockdep's memory of direct dependencies, by class name. */
export class Dependencies implements Orders {
  /** For each class, those that were taken while it was the last one taken. */
  readonly after: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names under which lockdep keeps more than one class: what is said of them may hold for different locks. */
  readonly shared: ReadonlySet<string>;

  constructor(after: ReadonlyMap<string, ReadonlySet<string>>, shared: ReadonlySet<string>) {
    this.after = after;
    this.shared = shared;
  }

  get classes(): string[] {
    return [...this.after.keys()];
  }

  has(from: string, to: string): boolean {
    return this.after.get(from)?.has(to) === true;
  }

  /** The shortest way of dependencies from one class to another, both included; undefined when there is none. */
  path(from: string, to: string): string[] | undefined {
    const came = new Map<string, string>();
    for (const queue = [from]; queue.length > 0; ) {
      const here = queue.shift() ?? '';
      for (const next of this.after.get(here) ?? []) {
        if (came.has(next)) continue;
        came.set(next, here);
        if (next === to) return backtrack(came, from, to);
        queue.push(next);
      }
    }
    return undefined;
  }
}

function backtrack(came: ReadonlyMap<string, string>, from: string, to: string): string[] {
  const path = [to];
  for (let at = came.get(to); at !== undefined; at = came.get(at)) {
    path.unshift(at);
    if (at === from) break;
  }
  return path;
}

/** `ffffffff82c3f0b0 FD:   39 BD:    1 +.+.: rtnl_mutex`, with ` OPS:%8ld` before FD under CONFIG_DEBUG_LOCKDEP. */
const CLASS = /^(?<key>\S+)(?: OPS: *\d+)? FD: *\d+ BD: *\d+ [-+.?]{4,6}: (?<name>.+)$/;
/** ` -> [ffffffff82c3f0b0] rtnl_mutex` */
const AFTER = /^ -> \[\S+\] (?<name>.+)$/;

/**
 * Reads /proc/lockdep (l_show, kernel/locking/lockdep_proc.c, the same from 5.10 to 7.x): every lock
 * class, each followed by the classes that were taken directly after it. Only root may read it.
 *
 * @returns undefined when the text is nothing of the kind, so that nobody takes it for a kernel without locks
 */
export function parseDependencies(text: string): Dependencies | undefined {
  const after = new Map<string, Set<string>>();
  const keys = new Map<string, Set<string>>();
  let current: Set<string> | undefined;
  let found = false;
  for (const line of text.split(/\r?\n/)) {
    const own = CLASS.exec(line)?.groups;
    if (own !== undefined) {
      found = true;
      const name = normalise(own['name'] ?? '');
      current = after.get(name) ?? new Set();
      after.set(name, current);
      keys.set(name, (keys.get(name) ?? new Set()).add(own['name'] ?? ''));
      continue;
    }
    const next = AFTER.exec(line)?.groups?.['name'];
    if (next !== undefined) current?.add(normalise(next));
    else if (line.trim() === '') current = undefined;
  }
  if (!found) return undefined;
  const shared = [...keys].filter(([, names]) => names.size > 1).map(([name]) => name);
  return new Dependencies(after, new Set(shared));
}

/**
 * A class name as it is the same in every boot: `#N` counts classes of one name in the order of their
 * registration, and a lock without a name is shown by its key's address. `/N`, the nesting level, stays.
 */
const normalise = (name: string): string =>
  name
    .trim()
    .replace(/#\d+(?=$|\/\d+$)/, '')
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b|\(_{4}ptrval_{4}\)/g, 'ADDR');

/** What several boots recorded together. */
export function mergeDependencies(all: readonly Dependencies[]): Dependencies {
  const after = new Map<string, Set<string>>();
  for (const one of all)
    for (const [from, targets] of one.after)
      after.set(from, new Set([...(after.get(from) ?? []), ...targets]));
  return new Dependencies(after, new Set(all.flatMap(({ shared }) => [...shared])));
}

/** A direct dependency that only one side recorded. */
export interface Dependency {
  /** Held. */
  readonly from: string;
  /** Taken. */
  readonly to: string;
}

export interface AddedDependency extends Dependency {
  /** Classes that base does not know at all. */
  readonly newClasses: readonly string[];
  /** Base knows the same order by way of other locks (both ends included): then nothing can deadlock that could not before. */
  readonly implied?: readonly string[];
  /** Base, or the candidate, also knows the opposite order (from `to` to `from`, both included): together they can deadlock. */
  readonly opposite?: readonly string[];
  /** One of the names stands for several classes, which may be different locks. */
  readonly ambiguous: boolean;
}

export interface DependencyDiff {
  readonly added: readonly AddedDependency[];
  /** Not seen with the candidate any more: it may be gone, or its path was not taken this time. */
  readonly removed: readonly Dependency[];
  readonly newClasses: readonly string[];
}

/**
 * What a candidate changes in lockdep's memory. Both sides should have run the same test, from a fresh
 * boot; several boots of one side are merged first. Which way boots and timers go differs from run to
 * run, so a difference is a lead, not a proof: opposite orders come first, implied ones last.
 */
export function diffDependencies(base: Dependencies, candidate: Dependencies): DependencyDiff {
  const both = mergeDependencies([base, candidate]);
  const added: AddedDependency[] = [];
  for (const { from, to } of only(candidate, base)) {
    const newClasses = [from, to].filter((name) => !base.after.has(name));
    const implied = base.path(from, to);
    const opposite = from === to ? undefined : both.path(to, from);
    const names = new Set([from, to, ...(opposite ?? []), ...(implied ?? [])]);
    added.push({
      from,
      to,
      newClasses,
      ...(implied === undefined ? {} : { implied }),
      ...(opposite === undefined ? {} : { opposite }),
      ambiguous: [...names].some((name) => both.shared.has(name)),
    });
  }
  const known = new Set(base.classes);
  return {
    added: added.toSorted((a, b) => rank(a) - rank(b)),
    removed: only(base, candidate),
    newClasses: candidate.classes.filter((name) => !known.has(name)),
  };
}

const only = (a: Dependencies, b: Dependencies): Dependency[] =>
  [...a.after].flatMap(([from, targets]) =>
    [...targets].filter((to) => !b.has(from, to)).map((to) => ({ from, to })),
  );

const rank = (one: AddedDependency): number =>
  (one.opposite === undefined ? 2 : 0) + (one.implied === undefined ? 0 : 1) + (one.ambiguous ? 0.5 : 0);

/** One sentence for a dependency that a candidate adds. */
export function describeAdded(one: AddedDependency): string {
  const shown = (path: readonly string[]): string => path.join(' -> ');
  const what = `${one.from} -> ${one.to}: the second is now taken while the first is held`;
  const fresh = one.newClasses.length > 0 ? ` (${one.newClasses.join(' and ')}: not known to base)` : '';
  const opposite =
    one.opposite && `; the opposite order ${shown(one.opposite)} is recorded too, so the two can deadlock`;
  const implied = one.implied && `; base takes them in this order by way of ${shown(one.implied)}`;
  const doubt = one.ambiguous ? '. One of the names stands for several kinds of locks' : '';
  return `${what}${fresh}${opposite ?? implied ?? ''}${doubt}.`;
}
