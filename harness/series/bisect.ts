import path from 'node:path';
import { z } from 'zod';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { loadCandidate } from '../../patches/index.ts';
import type { CellsResult } from '../cells.ts';
import { openTrial, testBase } from '../evaluate.ts';
import { buildSide, prepare } from '../prepare.ts';
import { against } from '../recall/detector.ts';
import { RunDirectory } from '../run-directory.ts';
import { secondsSince } from '../seconds.ts';
import { runSide } from '../side.ts';
import { passesNeeded } from '../statistics/claims.ts';
import { cautiousRate } from '../statistics/wilson.ts';
import type { EvaluateOptions, Trial } from '../trial.ts';
import { halve, type StepResult } from './halves.ts';

/** The whole series does nothing that base does not: there is nothing to look for. */
export class NothingToBisectError extends RingtrialError {
  readonly code = 'NOTHING_TO_BISECT';
}

/** The whole series does not compile, so nobody knows what it would do. */
export class SeriesBuildError extends RingtrialError {
  readonly code = 'SERIES_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.inconclusive;
}

const step = z.object({
  patches: z.number().int(),
  patch: z.string(),
  result: z.enum(['good', 'bad', 'skip']),
  why: z.string(),
});

/** bisect.json of a run directory. The version rises when a field changes its meaning or goes. */
export const bisectSchema = z.object({
  schema: z.literal('ringtrial.bisect/1'),
  /** One line. */
  summary: z.string(),
  candidate: z.string(),
  /** What was looked for: a point's name with its reason, or a report's title. */
  failure: z.string(),
  program: z.string(),
  /** In how many of how many runs of the whole series it showed. */
  seen: z.object({ failures: z.number().int(), runs: z.number().int() }),
  confidence: z.number(),
  /** Passes in a row that a step must have to be called good. */
  passes: z.number().int(),
  steps: z.array(step),
  /** The patch that brings it; null when steps that could not be judged stand in the way. */
  first: z.string().nullable(),
  suspects: z.array(z.string()),
  directory: z.string(),
  seconds: z.number(),
});

export type Bisect = z.infer<typeof bisectSchema>;
type Step = Bisect['steps'][number];

export interface BisectOptions extends EvaluateOptions {
  /** How sure a step must be that the failure is not there, above 0 and below 1. */
  readonly confidence: number;
  /** How often the whole series runs first, to learn how often it fails. */
  readonly repeat: number;
}

/** Longer series of passes than this would take a night; the result then says how sure it is not. */
const mostPasses = 200;

/**
 * Finds the patch of a series that brings a failure, by halves. A failure that shows only now and then
 * gets as many runs at each step as it takes to be sure; a step that does not build is skipped.
 *
 * @throws NothingToBisectError, SeriesBuildError, and what `evaluate` throws
 */
export async function bisect(options: BisectOptions): Promise<Bisect> {
  const started = Date.now();
  const { name, patches } = await loadCandidate(options.patch);
  const run = new RunDirectory(`${name}-bisect`, options.out);
  const base = await openTrial(
    await prepare({ ...options, patches: 0, repeat: 1, out: path.join(run.path, 'base') }),
  );
  const known = await testBase(base);
  const whole = await runWhole(base, known, { options, directory: run.path, patches: patches.length });
  const target = mostFrequent(whole, options.repeat);
  const passes = Math.min(
    mostPasses,
    passesNeeded(cautiousRate(target.failures, target.runs), options.confidence),
  );
  const steps: Step[] = [];
  const { first, suspects } = await halve(patches.length, async (count) => {
    const about = { patches: count, patch: patches[count - 1]?.name ?? '' };
    const judged = await judgeStep(base, known, {
      options,
      target,
      passes,
      patches: count,
      directory: run.path,
    });
    steps.push({ ...about, ...judged });
    return judged.result;
  });
  const nameOf = (count: number): string => patches[count - 1]?.name ?? '';
  const result: Bisect = {
    schema: 'ringtrial.bisect/1',
    summary:
      first === null
        ? `the first bad patch is one of ${suspects.map(nameOf).join(', ')}`
        : `${nameOf(first)} is the first bad patch`,
    candidate: name,
    ...{ failure: target.text, program: target.program },
    seen: { failures: target.failures, runs: target.runs },
    ...{ confidence: options.confidence, passes, steps },
    first: first === null ? null : nameOf(first),
    suspects: suspects.map(nameOf),
    directory: run.path,
    seconds: secondsSince(started),
  };
  run.write('bisect.json', `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

interface Place {
  readonly options: BisectOptions;
  readonly directory: string;
  /** How many patches of the series. */
  readonly patches: number;
}

/** A failure that the whole series shows. */
interface Target {
  readonly program: string;
  /** The point's name, or the report's title: what must be seen again. */
  readonly key: string;
  readonly text: string;
  readonly failures: number;
  readonly runs: number;
}

type Alarm = ReturnType<typeof against>[number];

/** Reasons hold numbers that differ from run to run: the point's name is what stays. */
const keyOf = ({ text, detector }: Alarm): string =>
  detector === 'functional' || detector === 'hang' ? (text.split(': ')[0] ?? text) : text;

async function runWhole(base: Trial, known: CellsResult, place: Place): Promise<Alarm[]> {
  const trial = await trialOf(base, { ...place, out: 'whole', repeat: place.options.repeat });
  const built = await buildSide(trial, 'candidate');
  if (!built.ok)
    throw new SeriesBuildError(
      `The whole series does not compile: ${built.error.file}: ${built.error.message}`,
    );
  return against(known, await runSide(trial, 'candidate', built.kernel));
}

function mostFrequent(found: readonly Alarm[], runs: number): Target {
  const groups = Map.groupBy(
    found.filter(({ program }) => program !== null),
    keyOf,
  );
  const [most] = [...groups].toSorted(([, a], [, b]) => repetitionsOf(b) - repetitionsOf(a));
  if (!most)
    throw new NothingToBisectError(
      `In ${runs} run${runs === 1 ? '' : 's'} the whole series did nothing wrong that base does not. Give more with --repeat, or another --suite.`,
    );
  const [key, alarms] = most;
  const first = alarms[0] as Alarm;
  return { key, program: first.program ?? '', text: first.text, failures: repetitionsOf(alarms), runs };
}

const repetitionsOf = (alarms: readonly Alarm[]): number =>
  new Set(alarms.map(({ repetition }) => repetition)).size;

interface StepPlace extends Place {
  readonly target: Target;
  readonly passes: number;
}

async function judgeStep(
  base: Trial,
  known: CellsResult,
  place: StepPlace,
): Promise<{ result: StepResult; why: string }> {
  const { target, passes, patches } = place;
  const trial = await trialOf(base, { ...place, out: `step-${patches}`, repeat: passes });
  const built = await buildSide(trial, 'candidate');
  if (!built.ok) return { result: 'skip', why: `it does not compile: ${built.error.message}` };
  const spoke = (seen: CellsResult): Alarm | undefined =>
    against(known, seen).find((alarm) => keyOf(alarm) === target.key);
  const only = trial.suite.programs.filter(({ name }) => name === target.program);
  const narrow = { ...trial, suite: { ...trial.suite, programs: only } };
  const seen = await runSide(narrow, 'candidate', built.kernel, {
    enough: (soFar) => spoke(soFar) !== undefined,
  });
  if (seen.bootFailure) return { result: 'skip', why: 'it does not boot' };
  const alarm = spoke(seen);
  if (alarm) return { result: 'bad', why: `in run ${alarm.repetition}: ${alarm.text}` };
  // A run that nobody observed, or that fails in another way, proves no absence.
  const unclear = seen.points.find(({ status }) => status !== 'PASS' && status !== 'SKIP');
  if (unclear) return { result: 'skip', why: `${unclear.name}: ${unclear.status}, ${unclear.reason ?? ''}` };
  return { result: 'good', why: `${passes} run${passes === 1 ? '' : 's'} without it` };
}

async function trialOf(
  base: Trial,
  place: Place & { readonly out: string; readonly repeat: number },
): Promise<Trial> {
  const { options, patches, repeat, directory } = place;
  const out = path.join(directory, place.out);
  return { ...base, ...(await prepare({ ...options, patches, repeat, out })) };
}
