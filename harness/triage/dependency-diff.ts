import { type Dependencies, mergeDependencies } from './dependencies.ts';

/** `to` was taken while `from` was the last lock taken. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
}

/**
 * What an added dependency means. `opposite`: base or the candidate knows the other order too, so the two can
 * deadlock. `new`: an order that base does not know. `implied`: base takes the two in this order by way of others,
 * so nothing can deadlock that could not before. `everyday`: the lock taken is one that is taken under very many
 * others (those of allocator and scheduler), which differs from one boot to the next.
 */
export type Meaning = 'opposite' | 'new' | 'implied' | 'everyday';

export interface AddedDependency extends Dependency {
  readonly meaning: Meaning;
  /** The opposite or the implying way, both ends included. */
  readonly path?: readonly string[] | undefined;
  /** Classes that base does not know at all. */
  readonly newClasses: readonly string[];
  /** A name that stands for several classes, which may be different locks. */
  readonly ambiguous: boolean;
}

export interface DependencyDiff {
  /** The most telling first. */
  readonly added: readonly AddedDependency[];
  /** Not seen with the candidate: it may be gone, or its path was not taken this time. */
  readonly removed: readonly Dependency[];
}

export interface Recorded {
  /** What base recorded under the test; several boots merged make a better base. */
  readonly base: Dependencies;
  readonly candidate: Dependencies;
  /** What each had recorded before the test began: it says nothing about the test, and boots differ most. */
  readonly before?: { readonly base?: Dependencies; readonly candidate?: Dependencies } | undefined;
}

/** Two boots of one kernel differ in some 30 of 800 dependencies; of those, most end in a lock with so many holders. */
const EVERYDAY_HOLDERS = 12;

const ORDER: readonly Meaning[] = ['opposite', 'new', 'implied', 'everyday'];

/**
 * What a candidate adds to lockdep's memory under one test, even when lockdep did not complain. Boots differ by
 * timing, so a new order is a lead to follow and not a proof.
 */
export function diffDependencies({ base, candidate, before }: Recorded): DependencyDiff {
  const both = mergeDependencies([base, candidate]);
  const added = only(candidate, base)
    .filter(({ from, to }) => before?.candidate?.has(from, to) !== true)
    .map((one) => describe(one, base, both));
  return {
    added: added.toSorted((a, b) => ORDER.indexOf(a.meaning) - ORDER.indexOf(b.meaning)),
    removed: only(base, candidate).filter(({ from, to }) => before?.base?.has(from, to) !== true),
  };
}

function describe({ from, to }: Dependency, base: Dependencies, both: Dependencies): AddedDependency {
  const newClasses = [from, to].filter((name) => !base.after.has(name));
  const ambiguous = both.shared.has(from) || both.shared.has(to);
  const rest = { from, to, newClasses, ambiguous };
  const opposite = from === to ? undefined : both.path(to, from);
  if (opposite !== undefined) return { ...rest, meaning: 'opposite', path: opposite };
  const implied = base.path(from, to);
  if (implied !== undefined) return { ...rest, meaning: 'implied', path: implied };
  // A sleeping lock's own wait_lock is taken when there is a queue for it.
  const contended = to === `${from}.wait_lock` || /(?:\bwait_lock|[.>]wait_lock)$/.test(to);
  const everyday = contended || base.holders(to) >= EVERYDAY_HOLDERS;
  return { ...rest, meaning: everyday ? 'everyday' : 'new' };
}

const only = (a: Dependencies, b: Dependencies): Dependency[] =>
  [...a.after].flatMap(([from, targets]) =>
    [...targets].filter((to) => !b.has(from, to)).map((to) => ({ from, to })),
  );

/** One sentence for a dependency that a candidate adds. */
export function describeAdded({ from, to, meaning, path, newClasses, ambiguous }: AddedDependency): string {
  const way = path?.join(' -> ');
  const meant = {
    opposite: `; the opposite order ${way} is recorded too, so the two can deadlock`,
    new: '',
    implied: `; base takes them in this order too, by way of ${way}`,
    everyday: '; many locks are held when that one is taken, so it may be chance',
  }[meaning];
  const fresh = newClasses.length > 0 ? ` (base does not know ${newClasses.join(' and ')})` : '';
  const doubt = ambiguous ? '. A name stands for several lock classes here' : '';
  return `${to} is now taken while ${from} is held${fresh}${meant}${doubt}.`;
}
