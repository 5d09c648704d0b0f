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
 */
export function compareOrders(base: readonly OrderRecord[], candidate: readonly OrderRecord[]): LockOrder[] {
  // Nothing recorded is no empty record: all orders would be new.
  if (base.length === 0 || candidate.length === 0) return [];
  const { added } = diffDependencies({
    base: mergeDependencies(base.map(({ after }) => after)),
    candidate: mergeDependencies(candidate.map(({ after }) => after)),
  });
  return added.flatMap(({ path, newClasses, ...order }) => {
    const under = candidate.filter(
      ({ before, after }) => after.has(order.from, order.to) && !before.has(order.from, order.to),
    );
    // Recorded at boot: boots differ from one another, whatever the patch.
    if (under.length === 0) return [];
    const programs = [...new Set(under.map(({ program }) => program))];
    return [{ ...order, ...(path ? { path: [...path] } : {}), newClasses: [...newClasses], programs }];
  });
}
