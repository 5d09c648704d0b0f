import { openTrial, testBase } from '../evaluate.ts';
import { prepare } from '../prepare.ts';
import { secondsSince } from '../seconds.ts';
import type { SideResult } from '../side.ts';
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
  const trial = await openTrial(await prepare(trialOptions));
  const started = Date.now();
  const seen = await testBase(trial);
  const row: BaseRow = {
    ...{ tree, profile, repetitions: options.baseRepeat, points: seen.points.length },
    alarms: [...new Set(alarms(seen).map(({ text }) => text))],
    missed: seen.points.filter(({ status }) => status === 'MISS' || status === 'ERROR').length,
    seconds: secondsSince(started),
  };
  return { trial, seen, row };
}
