import type { Trace } from '../types.ts';
import { className } from './lock.ts';
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

/**
 * `-> #N` down to `-> #0`. Of `#0`, which is wanted now, the path of recorded dependencies leads over `#1`
 * to `#N`, which is held: the stack of `#k` is where it was taken while `#k-1` was held, the stack of `#0`
 * is now, while `#N` is held (print_circular_bug).
 */
export function circular(links: readonly Link[]): Cycle {
  if (links.length < 2 || links.some((l, i) => l.number !== links.length - 1 - i)) return NO_CYCLE;
  const path = links.toReversed();
  const edges = path.map((link, i) => {
    const to = path[(i + 1) % path.length] as Link;
    return edge(link.lock, to.lock, i === path.length - 1 ? 'new' : 'recorded', to.trace);
  });
  return { cycle: path.map((l) => l.lock), edges };
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
