import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import { runsRoot, stamp } from '../run-directory.ts';
import { MatrixDirectory } from './directory.ts';
import type { MatrixDocument } from './document.ts';
import type { MatrixListener } from './events.ts';
import { expand } from './expand.ts';
import type { MatrixFile } from './file.ts';
import { checkMatrix, loadMatrixFile } from './load-file.ts';
import { type Plan, shardOf } from './plan.ts';
import { runTrials } from './run.ts';

/** A queue without what it needs. */
export class QueueUsageError extends RingtrialError {
  readonly code = 'QUEUE_WITHOUT_STORE';
}

export interface MatrixOptions {
  /** A matrix file (TypeScript or JSON), or its content, whose relative paths start at the current directory. */
  readonly matrix?: string | MatrixFile | undefined;
  /** A plan that was made earlier, instead. */
  readonly plan?: Plan | undefined;
  /** The directory of a matrix that was begun: exactly what is missing is done. */
  readonly resume?: string | undefined;
  /** The directory of a new one, which must not exist; by default below `runsRoot()`. */
  readonly out?: string | undefined;
  /** Only these trials of the plan: part `index`, from 1, of `count`. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Compilers at once; by default as many as there are processors. */
  readonly jobs?: number | undefined;
  /** `postgres://…`: workers (`ringtrial worker`) do it, on any number of machines. */
  readonly queue?: string | undefined;
  /** With `queue`: a directory that all machines see. */
  readonly store?: string | undefined;
  readonly onEvent?: MatrixListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A matrix, where it lies. */
export interface MatrixResult {
  readonly directory: string;
  readonly document: MatrixDocument;
}

/**
 * Runs a matrix: every candidate on every tree, in every profile, under every suite. A candidate that does not
 * apply or does not compile, a base that does not boot: each is the result of its trials and stops no others.
 *
 * @throws MatrixFileError, MatrixDirectoryError, MatrixOwnedError, and the signal's reason; what was
 *   finished by then is kept, and `resume` goes on
 */
export async function matrix(options: MatrixOptions): Promise<MatrixResult> {
  const plan = await planOf(options);
  await using directory = await opened(plan, options);
  const trials = options.shard ? shardOf(directory.plan.trials, options.shard) : directory.plan.trials;
  const { jobs, signal, onEvent = () => {} } = options;
  const { queue, store } = options;
  if (queue !== undefined) {
    if (store === undefined)
      throw new QueueUsageError('A queue needs a store, which all machines see: --store DIR.');
    // What talks to a database is read by those who have one.
    const { runQueued } = await import('../queue/coordinate.ts');
    const document = await runQueued(directory, { queue, store, signal, onEvent });
    return { directory: directory.path, document };
  }
  const document = await runTrials(directory, trials, { jobs, signal, onEvent });
  return { directory: directory.path, document };
}

/** The plan that the options ask for; undefined when they only name a directory that has one. */
async function planOf({ matrix: wanted, plan }: MatrixOptions): Promise<Plan | undefined> {
  if (plan !== undefined || wanted === undefined) return plan;
  if (typeof wanted === 'string') return await expand(await loadMatrixFile(wanted));
  return await expand(checkMatrix(wanted, { file: 'The matrix', name: 'matrix', directory: process.cwd() }));
}

async function opened(plan: Plan | undefined, { resume, out }: MatrixOptions): Promise<MatrixDirectory> {
  if (resume !== undefined) return await MatrixDirectory.resume(resume, plan);
  if (plan === undefined) throw new TypeError('Neither a matrix, nor a plan, nor a directory to go on with.');
  return await MatrixDirectory.create(out ?? path.join(runsRoot(), `${stamp()}-${plan.name}`), plan);
}
