import path from 'node:path';
import type { Kernel } from '../vm/kernel/index.ts';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { type CellsRequest, type CellsResult, failedBoot, runCells } from './cells.ts';
import { type Confirmation, confirm, suspects, withConfirmation } from './confirm.ts';
import { detectorsOf } from './detectors.ts';
import type { Side } from './events.ts';
import type { GuestSource } from './guest-source.ts';
import { bootSource, forkSource, type SourceRequest } from './guest-sources.ts';
import type { Judgement } from './judge.ts';
import type { Program } from './suite.ts';
import type { Trial } from './trial.ts';

/** What one kernel did, and whether its guests were forks. */
export interface SideResult extends CellsResult {
  readonly forked: boolean;
}

/** Takes one kernel of a trial through the suite. A kernel that does not boot is a result. */
export async function runSide(
  trial: Trial,
  side: Side,
  kernel: Kernel,
  extra: Pick<CellsRequest, 'afterProgram' | 'enough'> = {},
): Promise<SideResult> {
  const request = { ...(await cellsRequest(trial, side, kernel)), ...extra };
  try {
    const sources = sourceRequest(trial, kernel, path.join(trial.run.path, side));
    const source = trial.options.guests === 'boot' ? bootSource(sources) : await forkSource(sources);
    return { ...(await runCells({ ...request, source })), forked: source.onePerCell };
  } catch (error) {
    if (error instanceof GuestBootError) return { ...failedBoot(request, error), forked: false };
    throw error;
  }
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
  const confirmation = await confirm(judgement, programs, (program, attempt) =>
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
    repetitions: trial.options.repeat ?? 1,
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
