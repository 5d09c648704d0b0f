import path from 'node:path';
import type { Kernel } from '../vm/kernel/index.ts';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { type CellsRequest, type CellsResult, failedBoot, guestNames, runCells } from './cells.ts';
import { type Confirmation, confirm, evidenceAgainst, suspects, withConfirmation } from './confirm.ts';
import { detectorsOf } from './detectors.ts';
import type { Side } from './events.ts';
import type { GuestSource } from './guest-source.ts';
import { bootSource, forkSource, type SourceRequest } from './guest-sources.ts';
import type { Judgement } from './judge.ts';
import { interferenceOf } from './schedules/interfere.ts';
import { type Schedule, scheduleFolder } from './schedules/schedule.ts';
import { underSchedule } from './schedules/settle.ts';
import type { Program, Suite } from './suite.ts';
import { repetitionsOf, type Trial } from './trial.ts';

/** What one kernel did, and whether its guests were forks. */
export interface SideResult extends CellsResult {
  readonly forked: boolean;
}

/** Which cells of a side are run in one go. */
export interface SideRound {
  readonly firstRepetition: number;
  readonly repetitions: number;
  readonly suite: Suite;
}

/** One kernel of a trial, which can be run again and again; each time gives what that time showed. */
export type SideRunner = (
  round: SideRound,
  extra?: Pick<CellsRequest, 'afterProgram' | 'enough'>,
) => Promise<SideResult>;

/** Makes one kernel of a trial ready to run, under all schedules. A kernel that does not boot is a result. */
export async function openSide(trial: Trial, side: Side, kernel: Kernel): Promise<SideRunner> {
  if (!trial.schedules) return await openUnder(undefined, trial, { side, kernel });
  const runners: SideRunner[] = [];
  for (const schedule of trial.schedules) runners.push(await openUnder(schedule, trial, { side, kernel }));
  return async (round, extra = {}) => {
    const results: SideResult[] = [];
    for (const run of runners) {
      results.push(await run(round, extra));
      const soFar = together(results);
      if (soFar.bootFailure || extra.enough?.(soFar)) break;
    }
    return together(results);
  };
}

/** One result of what a kernel did under several schedules. */
function together(results: readonly SideResult[]): SideResult {
  const bootFailure = results.find((result) => result.bootFailure)?.bootFailure;
  return {
    points: results.flatMap(({ points }) => points),
    reports: results.flatMap(({ reports }) => reports),
    orders: results.flatMap(({ orders }) => orders),
    passes: results.flatMap(({ passes = [] }) => passes),
    forked: results.every(({ forked }) => forked),
    ...(bootFailure ? { bootFailure } : {}),
  };
}

interface Subject {
  readonly side: Side;
  readonly kernel: Kernel;
}

async function openUnder(
  schedule: Schedule | undefined,
  whole: Trial,
  { side, kernel }: Subject,
): Promise<SideRunner> {
  const trial = underSchedule(whole, schedule);
  const request = { ...(await cellsRequest(trial, side, kernel, schedule)), guestNames: guestNames() };
  const directory = path.join(trial.run.path, side, ...scheduleFolder(schedule));
  const sources = sourceRequest(trial, { side, kernel }, directory);
  const orFailed = async (run: () => Promise<SideResult>): Promise<SideResult> => {
    try {
      return await run();
    } catch (error) {
      if (error instanceof GuestBootError) return { ...failedBoot(request, error), forked: false };
      throw error;
    }
  };
  let opened: GuestSource | undefined;
  return (round, extra = {}) =>
    orFailed(async () => {
      const again = opened !== undefined;
      opened ??= trial.options.guests === 'boot' ? bootSource(sources) : await forkSource(sources);
      // The boot that all forks share happened once, and so did what the kernel said meanwhile.
      const { bootConsole, ...rest } = opened;
      const source: GuestSource = again || bootConsole === undefined ? rest : { ...rest, bootConsole };
      return { ...(await runCells({ ...request, ...round, ...extra, source })), forked: source.onePerCell };
    });
}

/** Takes one kernel of a trial through the suite, with all repetitions one after the other. */
export async function runSide(
  trial: Trial,
  side: Side,
  kernel: Kernel,
  extra: Pick<CellsRequest, 'afterProgram' | 'enough'> = {},
): Promise<SideResult> {
  const run = await openSide(trial, side, kernel);
  return await run(
    { firstRepetition: 1, repetitions: repetitionsOf(trial.options), suite: trial.suite },
    extra,
  );
}

/** Lets what speaks against the candidate happen again in a guest that was booted, where it was seen in forks. */
export async function confirmed(
  judgement: Judgement,
  trial: Trial,
  { kernel, seen }: { readonly kernel: Kernel; readonly seen: SideResult },
): Promise<Judgement> {
  const programs = seen.forked ? suspects(judgement, trial.suite, seen.points) : [];
  if (programs.length === 0) return judgement;
  trial.emit({ type: 'notice', message: 'seeing whether it happens in a guest that was booted, too' });
  const guilty = evidenceAgainst(judgement, seen.points);
  const confirmation = await confirm(judgement, { programs, seen: seen.points }, (program, attempt) => {
    const number = guilty.find((point) => point.program === program.name)?.schedule;
    const schedule = trial.schedules?.find((one) => one.number === number);
    return runCold(trial, kernel, { program, attempt, schedule });
  });
  return withConfirmation(judgement, seen.points, confirmation);
}

interface ColdRun {
  readonly program: Program;
  readonly attempt: number;
  /** The one that it failed under. */
  readonly schedule: Schedule | undefined;
}

/** One program, once, in a guest of its own that was booted. */
async function runCold(
  trial: Trial,
  kernel: Kernel,
  { program, attempt, schedule }: ColdRun,
): Promise<Confirmation> {
  const directory = path.join(trial.run.path, 'cold', `${program.name}-${attempt}`);
  const scheduled = underSchedule(trial, schedule);
  const request = await cellsRequest(scheduled, 'candidate', kernel, schedule);
  const source: GuestSource = bootSource(
    sourceRequest(scheduled, { side: 'candidate', kernel }, path.join(directory, 'candidate')),
  );
  const suite = { ...trial.suite, programs: [program] };
  return await runCells({ ...request, source, suite, directory, repetitions: 1 });
}

async function cellsRequest(
  trial: Trial,
  side: Side,
  kernel: Kernel,
  schedule: Schedule | undefined,
): Promise<Omit<CellsRequest, 'source'>> {
  const notice = (message: string): void => trial.emit({ type: 'notice', message: `${side}  ${message}` });
  return {
    side,
    schedule,
    interfere: schedule && (await interferenceOf(schedule, kernel, notice)),
    suite: trial.suite,
    policyFor: trial.base.version,
    repetitions: repetitionsOf(trial.options),
    detectors: await detectorsOf(kernel),
    timeScale: trial.profile.timeScale,
    dump: trial.options.dump,
    directory: trial.run.path,
    onEvent: trial.emit,
    signal: trial.options.signal,
  };
}

const sourceRequest = (trial: Trial, { side, kernel }: Subject, directory: string): SourceRequest => ({
  kernel,
  suite: trial.suite,
  shape: trial.shape,
  image: trial.image,
  commandLine: trial.profile.commandLine,
  timeScale: trial.profile.timeScale,
  directory,
  onNotice: (message) => trial.emit({ type: 'notice', message }),
  onSecondTry: ({ short: why, failure }) =>
    trial.secondTries.push({
      side,
      directory: path.relative(trial.run.path, path.dirname(failure.consolePath)),
      why,
    }),
  signal: trial.options.signal,
});
