import type { Kernel } from '../../vm/kernel/index.ts';
import { baseKey, type Plan, type PlannedTrial, sharesBase } from './plan.ts';
import type { BaseOutcome, BuildOutcome, Steps } from './steps.ts';

/** Builds and guests go on beside each other, one of each. */
export type Lane = 'build' | 'guests';

/** A piece of a matrix that one machine does at once. */
export interface Task {
  /** Unique in the matrix. */
  readonly key: string;
  readonly kind: 'build base' | 'build candidate' | 'run base' | 'trial';
  /** The trial, or the first of those for which a kernel is built or base is run. */
  readonly trial: PlannedTrial;
  /** Keys of what must be done before. */
  readonly needs: readonly string[];
}

export const laneOf = ({ kind }: Task): Lane => (kind.startsWith('build') ? 'build' : 'guests');

/** A trial that has been tried; its verdict lies in its directory, unless there is a problem. */
export interface TrialOutcome {
  readonly state: 'tried';
  readonly problem?: string | undefined;
}

export type TaskOutcome = BuildOutcome | BaseOutcome | TrialOutcome;

/** What came of a task that is done; undefined when it could not even be begun. */
export type OutcomeOf = (key: string) => Promise<TaskOutcome | undefined>;

const keyOf = (kind: Task['kind'], trial: PlannedTrial): string => {
  const { candidate, meant, id } = trial;
  switch (kind) {
    case 'build base':
      return `${kind} ${meant.tree} ${meant.profile}`;
    case 'build candidate':
      return `${kind} ${candidate} ${meant.tree} ${meant.profile}`;
    case 'run base':
      return `${kind} ${baseKey(trial)}`;
    case 'trial':
      return `${kind} ${id}`;
  }
};

/** All tasks of some trials, in the order of the trials; each build and each run of base once. */
export function tasksOf(plan: Pick<Plan, 'base'>, trials: readonly PlannedTrial[]): Task[] {
  const all = trials.flatMap((trial) => {
    const task = (kind: Task['kind'], ...needs: Task['kind'][]): Task => ({
      ...{ key: keyOf(kind, trial), kind, trial },
      needs: needs.map((need) => keyOf(need, trial)),
    });
    const shared = sharesBase(plan, trial);
    return [
      task('build base'),
      ...(shared ? [task('run base', 'build base')] : []),
      // A work tree is filled with base first: then a candidate is a few objects more.
      task('build candidate', 'build base'),
      task('trial', 'build base', 'build candidate', ...(shared ? (['run base'] as const) : [])),
    ];
  });
  return [...new Map(all.map((task) => [task.key, task])).values()];
}

/** Does one task. What is wrong with a tree, a candidate or a trial is the outcome. */
export async function perform(steps: Steps, task: Task, outcomeOf: OutcomeOf): Promise<TaskOutcome> {
  const { kind, trial } = task;
  if (kind === 'build base') return await steps.build(trial, 'base');
  if (kind === 'build candidate') return await steps.build(trial, 'candidate');
  const base = kernelOf((await outcomeOf(keyOf('build base', trial))) as BuildOutcome | undefined);
  if (kind === 'run base')
    return typeof base === 'string' ? { state: 'impossible', why: base } : await steps.base(trial, base);
  if (typeof base === 'string') return { state: 'tried', problem: base };
  return { state: 'tried', problem: await tryOn(steps, trial, { base, outcomeOf }) };
}

/** @returns why there is no verdict, if there is none */
async function tryOn(
  steps: Steps,
  trial: PlannedTrial,
  { base, outcomeOf }: { readonly base: Kernel; readonly outcomeOf: OutcomeOf },
): Promise<string | undefined> {
  const candidate = (await outcomeOf(keyOf('build candidate', trial))) as BuildOutcome | undefined;
  if (candidate === undefined) return 'its kernel was never built';
  if (candidate.state === 'impossible') return candidate.why;
  const known = (await outcomeOf(keyOf('run base', trial))) as BaseOutcome | undefined;
  // A candidate that does not compile needs no run of base to be rejected.
  if (known?.state === 'impossible' && candidate.state === 'done')
    return `base could not be tested: ${known.why}`;
  return await steps.trial(trial, { base, candidate }, known?.state === 'done' ? known : undefined);
}

/** Or why there is none. */
function kernelOf(built: BuildOutcome | undefined): Kernel | string {
  if (built?.state === 'done') return built.kernel;
  if (built?.state === 'impossible') return built.why;
  return built ? `the unpatched tree does not compile: ${built.error.message}` : 'base was never built';
}
