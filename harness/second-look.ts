import { compareBehaviours } from './behaviours.ts';
import { compareTests } from './compare-tests.ts';
import { programOf } from './next-round.ts';
import type { BothSides } from './rounds.ts';
import type { Trial } from './trial.ts';
import type { Behaviour } from './verdict.ts';

/**
 * Runs those programs again, on both kernels, that observed something else with the patch: what one run of each
 * kernel shows may be how a race went that day, and no behaviour of either. A second look is for every difference,
 * a third for those where values that a test saw in several of its rounds ("no|yes") have some in common.
 *
 * No more than that: more repetitions are the user's to ask for. Schedules are repetitions already.
 */
export async function lookAgain(both: BothSides, trial: Trial): Promise<void> {
  const { repeat = 1 } = trial.options;
  if (repeat === 'auto' || trial.schedules) return;
  for (const looks of [2, 3].filter((count) => count > repeat)) {
    const { base, candidate } = both.seen;
    if (candidate.bootFailure) return;
    const open = compareBehaviours(compareTests(base.points, candidate.points)).filter(
      (change) => looks === 2 || overlaps(change),
    );
    const names = new Set(open.map(({ test }) => programOf(test, candidate.points)));
    if (names.size === 0) return;
    const programs = trial.suite.programs.filter(({ name }) => names.has(name));
    const message = `looking again at what differs with the patch: ${[...names].join(', ')}`;
    trial.emit({ type: 'notice', message });
    await both.runUpTo(looks, { ...trial.suite, programs });
  }
}

/** Values of several rounds are joined by the tests' library (observe_agreed() in tests/lib/point.c). */
function overlaps({ base, candidate }: Behaviour): boolean {
  const each = (values: readonly string[]): Set<string> =>
    new Set(values.flatMap((value) => value.split('|')));
  return !each(base).isDisjointFrom(each(candidate));
}
