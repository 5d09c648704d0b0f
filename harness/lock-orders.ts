import { type CodeChanges, lastWord } from './triage/changes.ts';
import { type Dependencies, mergeDependencies } from './triage/dependencies.ts';
import { diffDependencies } from './triage/dependency-diff.ts';
import type { LockOrder } from './verdict.ts';

/** What lockdep knew of one guest's kernel before and after a program ran in it. */
export interface OrderRecord {
  readonly program: string;
  readonly before: Dependencies;
  readonly after: Dependencies;
}

/**
 * The lock orders that only the patched kernel recorded while tests ran, the most telling first.
 *
 * Each test runs in a kernel of its own, where lockdep cannot see that another test took the same
 * locks the other way round. Here all tests of a side count as one, so that such a pair is found.
 *
 * @param base what base recorded under the same tests, and in earlier runs; undefined: nobody asked
 */
export function compareOrders(
  base: Dependencies | undefined,
  candidate: readonly OrderRecord[],
  changes: CodeChanges,
): LockOrder[] {
  // Nothing recorded is no empty record: all orders would be new.
  if (!base || candidate.length === 0) return [];
  const { added } = diffDependencies({
    base,
    candidate: mergeDependencies(candidate.map(({ after }) => after)),
  });
  const orders = added.flatMap(({ path, newClasses, ...order }): LockOrder[] => {
    const under = candidate.filter(
      ({ before, after }) => after.has(order.from, order.to) && !before.has(order.from, order.to),
    );
    // Recorded at boot: boots differ from one another, whatever the patch.
    if (under.length === 0) return [];
    const words = [order.from, order.to].map(lastWord);
    return [
      {
        ...order,
        ...(path ? { path: [...path] } : {}),
        newClasses: [...newClasses],
        programs: [...new Set(under.map(({ program }) => program))],
        runs: under.length,
        ofPatch: words.some((word) => changes.ownLocks.has(word) || changes.takenLocks.has(word)),
      },
    ];
  });
  return orders.toSorted((a, b) => likelihood(b) - likelihood(a));
}

/**
 * An order that several runs recorded, or about a lock that the patch takes, is hardly chance; one of
 * a single run may well be, for boots differ by timing.
 */
export const isLikely = ({ meaning, ofPatch, runs }: LockOrder): boolean =>
  meaning === 'opposite' || (meaning === 'new' && (ofPatch || runs > 1));

const likelihood = (order: LockOrder): number =>
  Number(order.meaning === 'opposite') * 4 + Number(isLikely(order)) * 2 + Number(order.ofPatch);
