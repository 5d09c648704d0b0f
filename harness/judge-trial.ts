import { type Judgement, judge } from './judge.ts';
import { rememberOrders } from './known-orders.ts';
import { KnownReports } from './known-reports.ts';
import { alphaOfLooks } from './next-round.ts';
import { measurementRules } from './policy.ts';
import type { Sides } from './rounds.ts';
import { underSchedules } from './schedules/compare.ts';
import { changesOfApplied } from './triage/suspect.ts';
import type { Trial } from './trial.ts';

/** Compares the two kernels of a trial, with all that is known of the patch and of base. */
export async function judgeTrial(trial: Trial, { base, candidate }: Sides): Promise<Judgement> {
  const judgement = judge(base, candidate, {
    strict: trial.options.strict ?? false,
    ...(trial.options.repeat === 'auto' ? { alpha: alphaOfLooks } : {}),
    known: knownReportsOf(trial),
    slowness: trial.suite.policy && measurementRules(trial.suite.policy, trial.base.version),
    failuresOfBase: trial.suite.policy?.failuresOfBase,
    baseOrders: await rememberOrders(
      trial.base.hash,
      base.orders.map(({ after }) => after),
    ),
    changes: await changesOfApplied(trial.tree.dir, trial.applied.changes),
  });
  return trial.schedules ? underSchedules(judgement, { base, candidate }, trial.schedules) : judgement;
}

/** The reports that are accepted in a trial; undefined where it was given no file of them. */
export const knownReportsOf = ({ known, startedAt, base }: Trial): KnownReports | undefined =>
  known && new KnownReports(known, { day: startedAt, kernel: base.version });
