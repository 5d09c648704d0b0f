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

  /** Number of classes under which one was taken directly. */
  holders(name: string): number {
    return [...this.after.values()].filter((targets) => targets.has(name)).length;
  }

  /**
   * The shortest way of dependencies from one class to another, both included. It leads through no shared
   * name, behind which it could come out at another lock; undefined when there is none, or when an end is shared.
   */
  path(from: string, to: string): string[] | undefined {
    if (this.shared.has(from) || this.shared.has(to)) return undefined;
    const came = new Map<string, string>();
    for (const queue = [from]; queue.length > 0; ) {
      const here = queue.shift() ?? '';
      for (const next of this.after.get(here) ?? []) {
        if (came.has(next) || this.shared.has(next)) continue;
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
const CLASS = /^\S+(?: OPS: *\d+)? FD: *\d+ BD: *\d+ [-+.?]{4,6}: (?<name>.+)$/;
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
  const shared = new Set<string>();
  const printed = new Map<string, string>();
  let current: Set<string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const own = CLASS.exec(line)?.groups?.['name'];
    if (own !== undefined) {
      const name = normalise(own);
      if ((printed.get(name) ?? own) !== own) shared.add(name);
      printed.set(name, own);
      current = after.get(name) ?? new Set();
      after.set(name, current);
      continue;
    }
    const next = AFTER.exec(line)?.groups?.['name'];
    if (next !== undefined) current?.add(normalise(next));
    else if (line.trim() === '') current = undefined;
  }
  return after.size === 0 ? undefined : new Dependencies(after, shared);
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
