import path from 'node:path';
import type { Kernel } from '../vm/kernel/index.ts';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { type CellsRequest, type CellsResult, failedBoot, guestNames, runCells } from './cells.ts';
import { type Confirmation, confirm, suspects, withConfirmation } from './confirm.ts';
import { detectorsOf } from './detectors.ts';
import type { Side } from './events.ts';
import type { GuestSource } from './guest-source.ts';
import { bootSource, forkSource, type SourceRequest } from './guest-sources.ts';
import type { Judgement } from './judge.ts';
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

/** Makes one kernel of a trial ready to run. A kernel that does not boot is a result. */
export async function openSide(trial: Trial, side: Side, kernel: Kernel): Promise<SideRunner> {
  const request = { ...(await cellsRequest(trial, side, kernel)), guestNames: guestNames() };
  const sources = sourceRequest(trial, kernel, path.join(trial.run.path, side));
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
  const confirmation = await confirm(judgement, { programs, seen: seen.points }, (program, attempt) =>
    runCold(trial, kernel, { program, attempt }),
  );
  return withConfirmation(judgement, seen.points, confirmation);
}

/** One program, once, in a guest of its own that was booted. */
async function runCold(
  trial: Trial,
  kernel: Kernel,
  { program, attempt }: { readonly program: Program; readonly attempt: number },
): Promise<Confirmation> {
  const directory = path.join(trial.run.path, 'cold', `${program.name}-${attempt}`);
  const request = await cellsRequest(trial, 'candidate', kernel);
  const source: GuestSource = bootSource(sourceRequest(trial, kernel, path.join(directory, 'candidate')));
  const suite = { ...trial.suite, programs: [program] };
  return await runCells({ ...request, source, suite, directory, repetitions: 1 });
}

async function cellsRequest(trial: Trial, side: Side, kernel: Kernel): Promise<Omit<CellsRequest, 'source'>> {
  return {
    side,
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

const sourceRequest = (trial: Trial, kernel: Kernel, directory: string): SourceRequest => ({
  kernel,
  suite: trial.suite,
  shape: trial.shape,
  image: trial.image,
  commandLine: trial.profile.commandLine,
  timeScale: trial.profile.timeScale,
  directory,
  onNotice: (message) => trial.emit({ type: 'notice', message }),
  signal: trial.options.signal,
});
