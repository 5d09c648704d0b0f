import { median } from '../bench/measure.ts';
import { Ledger } from '../ledger/ledger.ts';
import { baseKey, type Plan, type PlannedTrial, sharesBase } from './plan.ts';

/** How long a trial takes, as far as earlier ones tell. */
export interface TrialEstimate {
  readonly trial: PlannedTrial;
  /** The median of earlier trials, whole; undefined: there is no history. */
  readonly seconds: number | undefined;
  /** How many trials that is the median of, and whether they were of the same candidate. */
  readonly runs: number;
  readonly sameCandidate: boolean;
}

/** What a plan comes to, before anything is done. */
export interface Preview {
  readonly trials: readonly TrialEstimate[];
  /** Kernels to build, each with how many trials use it. */
  readonly builds: readonly { readonly label: string; readonly trials: number }[];
  /** Runs of base, each with how many trials are compared with it. */
  readonly bases: readonly { readonly label: string; readonly trials: number }[];
  /** Of the trials that have a history, one after the other. */
  readonly seconds: number;
  /** Trials without. */
  readonly unknown: number;
}

/** Foretells what a plan takes. @throws LedgerError */
export function preview(plan: Plan, file?: string): Preview {
  using ledger = new Ledger(file);
  const trials = plan.trials.map((trial) => estimate(ledger, trial));
  const label = ({ candidate, tree, profile }: PlannedTrial): string => `${candidate}@${tree}/${profile}`;
  return {
    trials,
    builds: [
      ...counted(plan.trials, (trial) => label({ ...trial, candidate: 'base' })),
      ...counted(
        plan.trials.filter(({ candidate }) => candidate !== 'base'),
        label,
      ),
    ],
    bases: counted(plan.trials, (trial) => (sharesBase(plan, trial) ? baseKey(trial) : trial.id)),
    seconds: trials.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    unknown: trials.filter(({ seconds }) => seconds === undefined).length,
  };
}

const counted = (
  trials: readonly PlannedTrial[],
  labelOf: (trial: PlannedTrial) => string,
): { label: string; trials: number }[] =>
  [...Map.groupBy(trials, labelOf)].map(([label, group]) => ({ label, trials: group.length }));

/** Earlier trials that ran the same programs as often count; those of the same candidate before others. */
function estimate(ledger: Ledger, trial: PlannedTrial): TrialEstimate {
  const { meant, settings, candidate } = trial;
  const rows = ledger.all(
    `SELECT candidate, programs, seconds FROM run
     WHERE tree = ? AND profile = ? AND suite = ? AND repetitions = ? ORDER BY started_at DESC LIMIT 100`,
    ...[meant.tree, meant.profile, meant.suite, settings.repeat ?? 1],
  );
  const runs = rows.map((row) => ({
    candidate: row['candidate'],
    programs: String(row['programs']),
    seconds: Number(row['seconds']),
  }));
  // A run without a program is one that did not compile.
  const size = ({ programs }: { programs: string }): number =>
    programs === '' ? 0 : programs.split(',').length;
  const most = Math.max(0, ...runs.map(size));
  const wanted = settings.only?.toSorted().join(',');
  const alike = runs.filter((run) =>
    wanted === undefined ? size(run) === most && most > 0 : run.programs === wanted,
  );
  const own = alike.filter((run) => run.candidate === candidate);
  const taken = (own.length > 0 ? own : alike).slice(0, 20);
  return {
    trial,
    seconds: taken.length === 0 ? undefined : median(taken.map(({ seconds }) => seconds)),
    runs: taken.length,
    sameCandidate: own.length > 0,
  };
}
