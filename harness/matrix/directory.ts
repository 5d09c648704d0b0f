import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RingtrialError } from '../../common/errors.ts';
import { replaceFile } from '../../common/replace-file.ts';
import { lockFile } from '../../vm/kernel/process/lock.ts';
import { readVerdict } from '../read-verdict.ts';
import { RunDirectoryError } from '../run-directory.ts';
import type { Verdict } from '../verdict.ts';
import { type MatrixDocument, type MatrixTrial, matrixSchema } from './document.ts';
import { type Plan, type PlannedTrial, planDigest, planSchema } from './plan.ts';

/** Another process works in this matrix directory. */
export class MatrixOwnedError extends RingtrialError {
  readonly code = 'MATRIX_OWNED';
}

/** A directory that is no matrix's, or another one's, or was to be new and is not. */
export class MatrixDirectoryError extends RingtrialError {
  readonly code = 'MATRIX_DIRECTORY';
}

/** Which trees a matrix began with: a release that comes out meanwhile does not become part of it. */
const treesSchema = z.record(z.string(), z.object({ id: z.string(), hash: z.string() }));

/** A matrix's directory, owned by this process until it is disposed of. */
export class MatrixDirectory implements AsyncDisposable {
  readonly path: string;
  readonly plan: Plan;
  readonly #lock: AsyncDisposable;
  /** A verdict that is there stays as it is. */
  readonly #verdicts = new Map<string, Verdict>();

  private constructor(directory: string, plan: Plan, lock: AsyncDisposable) {
    this.path = directory;
    this.plan = plan;
    this.#lock = lock;
  }

  /**
   * Makes the directory of a new matrix.
   *
   * @throws MatrixDirectoryError when it exists, MatrixOwnedError
   */
  static async create(directory: string, plan: Plan): Promise<MatrixDirectory> {
    const root = path.resolve(directory);
    mkdirSync(path.dirname(root), { recursive: true });
    try {
      mkdirSync(root, { mode: 0o700 });
    } catch (cause) {
      throw new MatrixDirectoryError(
        (cause as NodeJS.ErrnoException).code === 'EEXIST'
          ? `${root} exists already. Go on with it with --resume, or name a directory that does not exist.`
          : `${root} cannot be made: ${(cause as Error).message}`,
        { cause },
      );
    }
    const lock = await own(root);
    mkdirSync(path.join(root, 'trials'));
    replaceFile(path.join(root, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
    return new MatrixDirectory(root, plan, lock);
  }

  /**
   * Opens the directory of a matrix that was begun. What was half-written is set aside.
   *
   * @param expected the plan that it must be of; any when undefined
   * @throws MatrixDirectoryError, MatrixOwnedError
   */
  static async resume(directory: string, expected?: Plan): Promise<MatrixDirectory> {
    const root = path.resolve(directory);
    const plan = await readPlan(path.join(root, 'plan.json'));
    if (expected && planDigest(expected) !== planDigest(plan))
      throw new MatrixDirectoryError(
        `${root} is the directory of another plan. Leave the file out to go on with that one, or begin a new matrix.`,
      );
    const opened = new MatrixDirectory(root, plan, await own(root));
    for (const trial of plan.trials) if (!opened.verdictOf(trial)) setAside(opened.at(trial.directory));
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  /** An absolute path in it. */
  at = (...parts: string[]): string => path.join(this.path, ...parts);

  /** The verdict of a trial that is finished. */
  verdictOf(trial: PlannedTrial): Verdict | undefined {
    const known = this.#verdicts.get(trial.id) ?? readVerdict(this.at(trial.directory));
    if (known) this.#verdicts.set(trial.id, known);
    return known;
  }

  /** Its name among the machines that share its work, made when it is asked for first. */
  sharedId(make: () => string): string {
    const file = this.at('shared-id');
    if (!existsSync(file)) replaceFile(file, `${make()}\n`);
    return readFileSync(file, 'utf8').trim();
  }

  pinnedTree(spec: string): { readonly id: string; readonly hash: string } | undefined {
    return this.#trees()[spec];
  }

  pinTree(spec: string, { id, hash }: { readonly id: string; readonly hash: string }): void {
    const trees = { ...this.#trees(), [spec]: { id, hash } };
    replaceFile(this.at('trees.json'), `${JSON.stringify(trees, null, 2)}\n`);
  }

  #trees(): z.infer<typeof treesSchema> {
    const file = this.at('trees.json');
    return existsSync(file) ? treesSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  }

  /**
   * Writes matrix.json as it is now, in one step. `missing` says why trials have no verdict.
   *
   * @throws RunDirectoryError
   */
  write(
    missing: ReadonlyMap<string, string>,
    trials: readonly PlannedTrial[] = this.plan.trials,
  ): MatrixDocument {
    const document = documentOf(
      this.plan.name,
      trials,
      (trial) => this.verdictOf(trial) ?? missing.get(trial.id),
    );
    const file = this.at('matrix.json');
    try {
      replaceFile(file, `${JSON.stringify(document, null, 2)}\n`);
    } catch (cause) {
      throw new RunDirectoryError(`${file} cannot be written: ${(cause as Error).message}`, { cause });
    }
    return document;
  }
}

/** What was interrupted keeps its evidence under another name, and is done from its beginning. */
export function setAside(directory: string): void {
  if (!existsSync(directory)) return;
  let count = 1;
  while (existsSync(`${directory}.interrupted-${count}`)) count++;
  renameSync(directory, `${directory}.interrupted-${count}`);
}

/**
 * Reads a plan.
 *
 * @throws MatrixDirectoryError
 */
export async function readPlan(file: string): Promise<Plan> {
  try {
    return planSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new MatrixDirectoryError(`${file} is no plan of a matrix: ${reason}`, { cause });
  }
}

/**
 * What a plan and its trials' verdicts say together: nothing else goes into it, so equal results give equal bytes.
 *
 * @param resultOf a trial's verdict, or why it has none
 */
export function documentOf(
  name: string,
  trials: readonly PlannedTrial[],
  resultOf: (trial: PlannedTrial) => Pick<Verdict, 'verdict' | 'summary'> | string | undefined,
): MatrixDocument {
  const rows = trials.map((trial): MatrixTrial => {
    const { id, candidate, tree, profile, suite, directory } = trial;
    const result = resultOf(trial) ?? 'it has not been run';
    const { verdict, summary } =
      typeof result === 'string' ? { verdict: 'missing' as const, summary: result } : result;
    return { id, candidate, tree, profile, suite, verdict, summary, directory };
  });
  return matrixSchema.parse({ schema: 'ringtrial.matrix/1', name, summary: summarise(rows), trials: rows });
}

function summarise(trials: readonly MatrixTrial[]): string {
  const count = (wanted: MatrixTrial['verdict']): number =>
    trials.filter(({ verdict }) => verdict === wanted).length;
  const parts = (['rejected', 'inconclusive', 'missing', 'accepted'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  return `${trials.length} trial${trials.length === 1 ? '' : 's'}: ${parts.join(', ')}`;
}

const own = (root: string): Promise<AsyncDisposable> =>
  lockFile(path.join(root, 'lock'), {
    onWait: (holder) => {
      throw new MatrixOwnedError(`${root} belongs to ${holder}. Wait until it has ended, or end it.`);
    },
  });
