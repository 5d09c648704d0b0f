import type { Kernel } from '../vm/kernel/index.ts';
import { knownReportsOf } from './judge-trial.ts';
import { looks, nextRound } from './next-round.ts';
import type { AfterProgram } from './run-cell.ts';
import { lookAgain } from './second-look.ts';
import { openSide, type SideResult, type SideRunner } from './side.ts';
import type { Suite } from './suite.ts';
import type { Trial } from './trial.ts';

/** What both kernels of a trial did. */
export interface Sides {
  readonly base: SideResult;
  readonly candidate: SideResult;
  /** Why `--repeat auto` did not go on. */
  readonly stopped?: string;
}

/**
 * Takes both kernels of a trial through the suite, in turns when there are repetitions: base, candidate,
 * candidate, base, base … Whatever drifts on the host meanwhile (heat, caches, other people's work) touches both
 * alike. Base begins, and when it does not boot, the candidate is not run at all.
 *
 * @param afterProgram takes from the candidate's guests what else is wanted of them
 * @throws GuestBootError when base does not boot
 */
export async function runRounds(
  trial: Trial,
  candidate: Kernel,
  afterProgram?: AfterProgram,
): Promise<Sides> {
  const base = await openSide(trial, 'base', trial.base);
  const patched = await openSide(trial, 'candidate', candidate);
  const both = new BothSides({
    base,
    candidate: (round, extra) => patched(round, { ...extra, afterProgram }),
  });
  const { repeat = 1 } = trial.options;
  if (repeat !== 'auto') {
    await both.runUpTo(repeat, trial.suite);
    await lookAgain(both, trial);
    return both.seen;
  }
  return await untilSure(both, trial);
}

async function untilSure(both: BothSides, trial: Trial): Promise<Sides> {
  let { suite } = trial;
  for (const runs of looks) {
    await both.runUpTo(runs, suite);
    const { base, candidate } = both.seen;
    const next = nextRound(base, candidate, {
      failuresOfBase: trial.suite.policy?.failuresOfBase,
      known: knownReportsOf(trial),
    });
    if ('stop' in next) return { ...both.seen, stopped: next.stop };
    const programs = suite.programs.filter(({ name }) => next.programs.includes(name));
    trial.emit({ type: 'notice', message: `open after ${runs} runs: ${next.programs.join(', ')}` });
    suite = { ...suite, programs };
  }
  return both.seen;
}

/** Both kernels of a trial, and what they have shown so far. */
export class BothSides {
  readonly #runners: Readonly<Record<'base' | 'candidate', SideRunner>>;
  readonly #seen: Partial<Record<'base' | 'candidate', SideResult>> = {};
  #rounds = 0;

  constructor(runners: Readonly<Record<'base' | 'candidate', SideRunner>>) {
    this.#runners = runners;
  }

  get seen(): Pick<Sides, 'base' | 'candidate'> {
    const { base, candidate } = this.#seen;
    if (!base || !candidate) throw new Error('no round has been run');
    return { base, candidate };
  }

  /** Runs a suite, or what is left of it, until there are so many repetitions, or the candidate does not boot. */
  async runUpTo(repetitions: number, suite: Suite): Promise<void> {
    while (this.#rounds < repetitions && !this.#seen.candidate?.bootFailure) {
      this.#rounds++;
      const order =
        this.#rounds % 2 === 1 ? (['base', 'candidate'] as const) : (['candidate', 'base'] as const);
      for (const side of order) {
        const round = { firstRepetition: this.#rounds, repetitions: 1, suite };
        const now = await this.#runners[side](round);
        this.#seen[side] = added(this.#seen[side], now);
        if (side === 'base' && now.bootFailure) throw now.bootFailure;
        if (now.bootFailure) break;
      }
    }
  }
}

const added = (before: SideResult | undefined, now: SideResult): SideResult => ({
  ...now,
  points: [...(before?.points ?? []), ...now.points],
  reports: [...(before?.reports ?? []), ...now.reports],
  orders: [...(before?.orders ?? []), ...now.orders],
  passes: [...(before?.passes ?? []), ...(now.passes ?? [])],
});
