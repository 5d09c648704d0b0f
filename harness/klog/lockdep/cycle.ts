import type { Trace } from '../types.ts';
import { className, parseClassName } from './lock.ts';
import type { Dump, Link } from './sections.ts';
import { acquirer } from './stacks.ts';
import type { LockClass, LockEdge, LockUse } from './types.ts';

/** A closed walk through lock classes: `edges[i]` leads from `cycle[i]` to the next one. */
export interface Cycle {
  readonly cycle: readonly LockClass[];
  readonly edges: readonly LockEdge[];
}

const NO_CYCLE: Cycle = { cycle: [], edges: [] };
const NO_TRACE: Trace = { heading: '', frames: [] };

function edge(from: LockClass, to: LockClass, how: LockEdge['how'], trace: Trace = NO_TRACE): LockEdge {
  const acquiredIn = acquirer(trace.frames);
  return { from, to, how, trace, ...(acquiredIn === undefined ? {} : { acquiredIn }) };
}

/** A link of the chain, or a lock known otherwise, at its place in the cycle. */
type Step = Omit<Link, 'number'>;

/** Closes a path of locks with the acquisition that made the report; the stack of each step is where it was taken. */
function closedByNew(path: readonly Step[]): Cycle {
  const edges = path.map((step, i) => {
    const to = path[(i + 1) % path.length] as Step;
    return edge(step.lock, to.lock, i === path.length - 1 ? 'new' : 'recorded', to.trace);
  });
  return { cycle: path.map((step) => step.lock), edges };
}

/**
 * `-> #N` down to `-> #0`. Of `#0`, which is wanted now, the path of recorded dependencies leads over `#1`
 * to `#N`, which is held: the stack of `#k` is where it was taken while `#k-1` was held, the stack of `#0`
 * is now, while `#N` is held (print_circular_bug).
 */
function unbroken(links: readonly Link[]): Cycle {
  return links.length < 2 || links.some((l, i) => l.number !== links.length - 1 - i)
    ? NO_CYCLE
    : closedByNew(links.toReversed());
}

/** What stands in a cycle for links that the log lost. */
export const UNKNOWN: LockClass = { name: '...' };

/** What a report of a circle tells besides the links of its chain. */
interface Ends {
  readonly wanted: LockUse | undefined;
  readonly against: LockUse | undefined;
  /** `Chain exists of: a --> b --> c`: the lock wanted, the one before the held one, the held one (print_circular_lock_scenario). */
  readonly chain: readonly string[];
  /** The stack in which lockdep complained: that of `#0`. */
  readonly now: Trace;
}

/** A cycle, and how many links of its chain the log lost. */
export type Circle = Cycle & { readonly lost?: number };

/**
 * The cycle of a circular report. print_circular_bug() counts down from the held lock to the one that is wanted:
 * when the log lost links, the first number still tells how many there were, and both ends are known. One UNKNOWN
 * class stands for each run of lost links that nothing else names.
 */
export function circular(links: readonly Link[], ends: Ends): Circle {
  const top = links[0];
  if (top === undefined || top.number < 1) return NO_CYCLE;
  // Without the link of the held lock nobody knows how many there were.
  if (ends.against !== undefined && className(top.lock) !== className(ends.against.lock)) return NO_CYCLE;
  const whole = unbroken(links);
  const falling = links.every((l, i) => i === 0 || l.number < (links[i - 1] as Link).number);
  return whole.cycle.length > 0 || !falling ? whole : bridged(links, top.number, ends);
}

function bridged(links: readonly Link[], count: number, { wanted, against, chain, now }: Ends): Circle {
  if (wanted === undefined || against === undefined) return NO_CYCLE;
  const known = new Map<number, Step>(links.map((l) => [l.number, l]));
  if (!known.has(0)) known.set(0, { lock: wanted.lock, trace: now });
  const before = count - 1;
  if (!known.has(before) && chain[1] !== undefined)
    known.set(before, { lock: parseClassName(chain[1]), trace: NO_TRACE });
  const path: Step[] = [];
  let last = -1;
  for (const number of [...known.keys()].toSorted((a, b) => a - b)) {
    if (number > last + 1) path.push({ lock: UNKNOWN, trace: NO_TRACE });
    path.push(known.get(number) as Step);
    last = number;
  }
  return { ...closedByNew(path), lost: count + 1 - links.length };
}

/** The same class twice: a lock of it is held and another (or the same) is taken. */
export function recursive(held: LockUse | undefined, wanted: LockUse | undefined, trace: Trace): Cycle {
  if (wanted === undefined) return NO_CYCLE;
  const from = held?.lock ?? wanted.lock;
  const again = edge(from, wanted.lock, 'new', trace);
  const taken = wanted.at?.func === undefined ? again : { ...again, acquiredIn: wanted.at.func };
  return className(from) === className(wanted.lock)
    ? { cycle: [wanted.lock], edges: [taken] }
    : { cycle: [from, wanted.lock], edges: [taken, edge(wanted.lock, from, 'recorded')] };
}

/** One lock, taken in an interrupt and also with that interrupt enabled. */
export function interrupted(wanted: LockUse | undefined, trace: Trace): Cycle {
  if (wanted === undefined) return NO_CYCLE;
  const taken = edge(wanted.lock, wanted.lock, 'interrupt', trace);
  // Enabling interrupts marks all held locks: then the stack shows that, and only the site the taking.
  return {
    cycle: [wanted.lock],
    edges: [wanted.at?.func === undefined ? taken : { ...taken, acquiredIn: wanted.at.func }],
  };
}

/** A lock that may sleep (or spin, on PREEMPT_RT sleep) under one that must not. No cycle, but two locks in order. */
export function waitContext(wanted: LockUse | undefined, held: readonly LockUse[], trace: Trace): Cycle {
  if (wanted === undefined) return NO_CYCLE;
  const outer = wanted.lock.wait?.outer ?? 0;
  const strict = held.findLast((h) => {
    const inner = h.lock.wait?.inner ?? 0;
    return inner > 0 && inner < outer && !sameUse(h, wanted);
  });
  return strict === undefined
    ? { cycle: [wanted.lock], edges: [] }
    : { cycle: [strict.lock, wanted.lock], edges: [edge(strict.lock, wanted.lock, 'new', trace)] };
}

const sameUse = (a: LockUse, b: LockUse): boolean =>
  a.address === b.address && className(a.lock) === className(b.lock);

/** Closes a path with the interrupt that may take its first lock while its last one is held. */
function closed(path: readonly LockClass[], steps: readonly LockEdge[]): Cycle {
  const [first, last] = [path[0], path.at(-1)];
  if (first === undefined || last === undefined) return NO_CYCLE;
  return { cycle: path, edges: [...steps, edge(last, first, 'interrupt')] };
}

/** Dumps printed from a path's first class on; the stack of each class is the one it was acquired in. */
function forwards(dumps: readonly Dump[]): LockEdge[] {
  // Up to 5.10 the stack was printed one class too early (see print_shortest_lock_dependencies_backwards).
  const early = dumps[0]?.acquired !== undefined;
  return dumps.slice(1).map((d, i) => {
    const before = dumps[i] as Dump;
    return edge(before.lock, d.lock, 'recorded', early ? before.acquired : d.acquired);
  });
}

/** Dumps printed from a path's last class back; the stack of each is the one it was acquired in. */
function backwards(dumps: readonly Dump[]): LockEdge[] {
  const ordered = dumps.toReversed();
  return ordered.slice(1).map((d, i) => edge((ordered[i] as Dump).lock, d.lock, 'recorded', d.acquired));
}

/**
 * safe ... -> held -> wanted -> ... unsafe, and back by an interrupt (print_bad_irq_dependency).
 * The first section leads from the irq-safe lock to the held one, the second from the unsafe one back.
 */
export function safeUnsafe(sections: readonly (readonly Dump[])[]): Cycle {
  const [safe = [], unsafe = []] = sections;
  const [from, next] = [safe.at(-1), unsafe.at(-1)];
  if (from === undefined || next === undefined) return NO_CYCLE;
  const path = [...safe.map((d) => d.lock), ...unsafe.map((d) => d.lock).toReversed()];
  const middle = edge(from.lock, next.lock, 'new', next.acquired);
  return closed(path, [...forwards(safe), middle, ...backwards(unsafe)]);
}

/** print_irq_inversion_bug: the lock whose state changed, and another one before or after it. */
export function inversion(sections: readonly (readonly Dump[])[], tookAnother: boolean): Cycle {
  const dumps = sections[0] ?? [];
  return tookAnother
    ? closed(dumps.map((d) => d.lock).toReversed(), backwards(dumps))
    : closed(
        dumps.map((d) => d.lock),
        dumps.slice(1).map((d, i) => edge((dumps[i] as Dump).lock, d.lock, 'recorded', dumps[i]?.acquired)),
      );
}

/** The rotation of a cycle that sorts first, so that it does not matter where lockdep began. */
export function rotate(names: readonly string[]): string[] {
  const turns = names.map((_, i) => [...names.slice(i), ...names.slice(0, i)]);
  return turns.reduce((a, b) => (b.join('\0') < a.join('\0') ? b : a), turns[0] ?? []);
}
