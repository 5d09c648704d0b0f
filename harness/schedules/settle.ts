import { changesOfApplied } from '../triage/suspect.ts';
import type { Trial } from '../trial.ts';
import { type Means, scheduleList } from './list.ts';
import { meansOf } from './means.ts';
import type { Schedule } from './schedule.ts';

/** Chooses the schedules of a trial, says which they are, and what they leave out; undefined when one is enough. */
export async function settleSchedules(trial: Trial): Promise<Schedule[] | undefined> {
  const { options, emit } = trial;
  if (options.perturb === undefined || options.perturb.count === 1) return undefined;
  const means = await meansOf(trial, await changesOfApplied(trial.tree.dir, trial.applied.changes));
  const schedules = scheduleList(options.perturb, means);
  const notice = (message: string): void => emit({ type: 'notice', message });
  for (const message of omissions(means, trial.tree.version)) notice(message);
  for (const { number, text } of schedules) notice(`schedule ${number}: ${text}`);
  return schedules;
}

/** What other kernels or machines would allow. */
export const omissions = ({ accelerator, preemption, functions }: Means, version: string): string[] => [
  ...(accelerator === 'kvm'
    ? ['no schedule counts instructions (-icount): only emulated processors (--accel tcg) can']
    : []),
  ...(preemption.length === 0
    ? [
        `no schedule changes the preemption model: ${version} is built without PREEMPT_DYNAMIC, which 5.12 brought`,
      ]
    : []),
  ...(functions.changed.length + functions.usual.length === 0
    ? ['no schedule delays functions: this kernel has none of those that are known']
    : []),
];

/** Guests that something is done to take longer: so much more time they get. */
const perturbedTimeScale = 2;

/** A trial whose guests are as a schedule wants them. */
export function underSchedule(trial: Trial, schedule: Schedule | undefined): Trial {
  if (schedule === undefined || schedule.number === 1) return trial;
  const { profile, shape } = trial;
  const { vcpus, preempt, icountShift } = schedule;
  const words = preempt === undefined ? [] : [`preempt=${preempt}`];
  return {
    ...trial,
    shape: { ...shape, vcpus, ...(icountShift === undefined ? {} : { icountShift }) },
    profile: {
      ...profile,
      commandLine: [profile.commandLine, ...words].join(' ').trim(),
      timeScale: profile.timeScale * perturbedTimeScale,
    },
  };
}
