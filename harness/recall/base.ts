import { guestImage } from '../../vm/image/image.ts';
import { chooseAccelerator } from '../../vm/qemu/accel.ts';
import { BaseBuildError } from '../evaluate.ts';
import { buildSide, prepare, shapeOf } from '../prepare.ts';
import { runSide, type SideResult } from '../side.ts';
import type { Trial } from '../trial.ts';
import { alarms } from './detector.ts';
import { type RecallOptions, runDirectoryOf } from './options.ts';
import type { BaseRow } from './schema.ts';

/** A base that has been through the suite. */
export interface BaseTrial {
  readonly trial: Trial;
  readonly seen: SideResult;
  readonly row: BaseRow;
}

/** Builds the base of a tree and a profile, and takes it through the suite. */
export async function openBase(
  { tree, profile }: { readonly tree: string; readonly profile: string },
  options: RecallOptions,
): Promise<BaseTrial> {
  const out = runDirectoryOf(options.out, `base-${tree}-${profile}`);
  const { suite, only, accel, machine, jobs, onEvent, signal } = options;
  const trialOptions = {
    ...{ patch: 'base', tree, profile, out, repeat: options.baseRepeat },
    ...{ suite, only, accel, machine, jobs, onEvent, signal },
  };
  const prepared = await prepare(trialOptions);
  const accelerator = await chooseAccelerator(accel ?? 'auto');
  const built = await buildSide(prepared, 'base');
  if (!built.ok)
    throw new BaseBuildError(`${tree} does not compile with profile ${profile}: ${built.error.log}`);
  const trial: Trial = {
    ...prepared,
    accelerator,
    image: await guestImage(signal),
    base: built.kernel,
    shape: shapeOf(trialOptions, prepared.profile, accelerator),
  };
  const started = Date.now();
  const seen = await runSide(trial, 'base', built.kernel);
  if (seen.bootFailure) throw seen.bootFailure;
  const row: BaseRow = {
    ...{ tree, profile, repetitions: options.baseRepeat, points: seen.points.length },
    alarms: [...new Set(alarms(seen).map(({ text }) => text))],
    missed: seen.points.filter(({ status }) => status === 'MISS' || status === 'ERROR').length,
    seconds: Math.round((Date.now() - started) / 100) / 10,
  };
  return { trial, seen, row };
}
