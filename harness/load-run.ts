import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RingtrialError } from '../common/errors.ts';
import { matrixSchema } from './matrix/document.ts';
import { type Verdict, verdictSchema } from './verdict.ts';

/** A directory that no trial and no matrix has written, or not finished. */
export class NotARunError extends RingtrialError {
  readonly code = 'NOT_A_RUN';
}

/** One trial of a run, as every output gets it. */
export interface LoadedTrial {
  /** `CANDIDATE@TREE/PROFILE/SUITE`. */
  readonly id: string;
  readonly candidate: string;
  readonly tree: string;
  readonly profile: string;
  readonly suite: string;
  /** Absolute: consoles and dossiers that the verdict names are relative to it. */
  readonly directory: string;
  /** Undefined when the trial has no verdict; `missing` says why. */
  readonly verdict: Verdict | undefined;
  readonly missing?: string;
}

/** What `evaluate` or `matrix` left behind, whichever it was. */
export interface LoadedRun {
  readonly kind: 'trial' | 'matrix';
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly directory: string;
  readonly trials: readonly LoadedTrial[];
}

/** How a trial is called in every output. */
export const trialId = (trial: Pick<LoadedTrial, 'candidate' | 'tree' | 'profile' | 'suite'>): string =>
  `${trial.candidate}@${trial.tree}/${trial.profile}/${trial.suite}`;

/**
 * Reads a run directory: one with a verdict.json, or a matrix's with a matrix.json.
 *
 * @throws NotARunError when it has neither, or one that this version cannot read
 */
export async function loadRun(directory: string): Promise<LoadedRun> {
  const root = path.resolve(directory);
  const matrix = await readDocument(path.join(root, 'matrix.json'), matrixSchema);
  if (!matrix) return await loadTrialRun(root);
  const trials = matrix.trials.map(async (trial): Promise<LoadedTrial> => {
    const { id, candidate, tree, profile, suite, summary } = trial;
    const place = path.join(root, trial.directory);
    const verdict = await readDocument(path.join(place, 'verdict.json'), verdictSchema);
    const about = { id, candidate, tree, profile, suite, directory: place };
    return verdict ? { ...about, verdict } : { ...about, verdict: undefined, missing: summary };
  });
  const { name, summary } = matrix;
  return { kind: 'matrix', name, summary, directory: root, trials: await Promise.all(trials) };
}

async function loadTrialRun(root: string): Promise<LoadedRun> {
  const verdict = await readDocument(path.join(root, 'verdict.json'), verdictSchema);
  if (!verdict)
    throw new NotARunError(
      `${root} has neither a verdict.json nor a matrix.json, so it is not the directory of a finished run.`,
    );
  return runOfVerdict(verdict, root);
}

/** One trial as a run, also where its verdict could not be written. @param root its directory, wherever that lies now */
export function runOfVerdict(verdict: Verdict, root = verdict.directory): LoadedRun {
  const about = {
    candidate: verdict.candidate.name,
    tree: verdict.tree.spec,
    profile: verdict.profile,
    suite: verdict.suite,
  };
  const trial = { id: trialId(about), ...about, directory: root, verdict };
  return {
    kind: 'trial',
    name: verdict.candidate.name,
    summary: verdict.summary,
    directory: root,
    trials: [trial],
  };
}

/** Reads a JSON file of a run directory; undefined when there is no such file. @throws NotARunError when it cannot be read */
export async function readDocument<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new NotARunError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new NotARunError(`${file} is damaged, or another version wrote it: ${reason}`, { cause });
  }
}
