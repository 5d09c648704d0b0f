import { type Judgement, judge } from './judge.ts';
import { rememberOrders } from './known-orders.ts';
import type { SideResult } from './side.ts';
import { changesOfApplied } from './triage/suspect.ts';
import type { Trial } from './trial.ts';

/** What both kernels of a trial did. */
export interface Sides {
  readonly base: SideResult;
  readonly candidate: SideResult;
}

/** Compares the two kernels of a trial, with all that is known of the patch and of base. */
export async function judgeTrial(trial: Trial, { base, candidate }: Sides): Promise<Judgement> {
  return judge(base, candidate, {
    strict: trial.options.strict ?? false,
    failuresOfBase: trial.suite.policy?.failuresOfBase,
    baseOrders: await rememberOrders(
      trial.base.hash,
      base.orders.map(({ after }) => after),
    ),
    changes: await changesOfApplied(trial.tree.dir, trial.applied.changes),
  });
}
