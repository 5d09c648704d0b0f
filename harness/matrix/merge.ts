import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { copyTree } from '../../common/copy-tree.ts';
import { recordRun } from '../ledger/record.ts';
import { readVerdict } from '../read-verdict.ts';
import { MatrixDirectory, MatrixDirectoryError, readPlan } from './directory.ts';
import { type MatrixDocument, matrixSchema } from './document.ts';
import { type Plan, type PlannedTrial, planDigest } from './plan.ts';

/** A part of a matrix: a shard's directory. */
interface Part {
  readonly directory: string;
  readonly plan: Plan;
  /** Why its trials without a verdict have none, by id. */
  readonly missing: ReadonlyMap<string, string>;
}

/**
 * Puts the parts of one plan together, whoever ran them: matrix.json is byte for byte what one machine
 * would have written of the same results.
 *
 * @param out the new directory, which must not exist
 * @throws MatrixDirectoryError when a part is none, or of another plan
 */
export async function mergeMatrices(
  directories: readonly string[],
  out: string,
): Promise<{
  readonly directory: string;
  readonly document: MatrixDocument;
  readonly notices: readonly string[];
}> {
  const parts = await Promise.all(directories.map(readPart));
  const [first] = parts;
  if (!first) throw new MatrixDirectoryError('Name the directories that are to be put together.');
  const stranger = parts.find(({ plan }) => planDigest(plan) !== planDigest(first.plan));
  if (stranger)
    throw new MatrixDirectoryError(
      `${stranger.directory} is of another plan than ${first.directory}: they do not belong together.`,
    );
  await using merged = await MatrixDirectory.create(out, first.plan);
  const missing = new Map<string, string>();
  const notices: string[] = [];
  for (const trial of first.plan.trials) {
    const having = parts.filter(({ directory }) => readVerdict(path.join(directory, trial.directory)));
    const [part] = having;
    if (having.length > 1)
      notices.push(`${trial.id} was run ${having.length} times; the first, in ${part?.directory}, counts`);
    if (part) takeTrial(part.directory, trial, merged);
    else {
      const reason = parts.map((each) => each.missing.get(trial.id)).find(Boolean);
      if (reason !== undefined) missing.set(trial.id, reason);
    }
  }
  notices.push(...differentTrees(first.plan, merged));
  return { directory: merged.path, document: merged.write(missing), notices };
}

async function readPart(directory: string): Promise<Part> {
  const root = path.resolve(directory);
  const plan = await readPlan(path.join(root, 'plan.json'));
  try {
    const { trials } = matrixSchema.parse(JSON.parse(await readFile(path.join(root, 'matrix.json'), 'utf8')));
    const lacking = trials.filter(({ verdict }) => verdict === 'missing');
    return { directory: root, plan, missing: new Map(lacking.map(({ id, summary }) => [id, summary])) };
  } catch (cause) {
    throw new MatrixDirectoryError(
      `${root} has no matrix.json that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Takes a trial over with all its evidence, and the run of base that it leads to. */
export function takeTrial(from: string, trial: PlannedTrial, into: MatrixDirectory): void {
  const source = path.join(from, trial.directory);
  const link = path.join(source, 'base');
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) {
    const base = path.dirname(path.relative(from, path.resolve(source, readlinkSync(link))));
    if (/^bases\/[^/]+$/.test(base) && existsSync(path.join(from, base)))
      copy(path.join(from, base), into.at(base));
  }
  copy(source, into.at(trial.directory));
  const verdict = into.verdictOf(trial);
  if (verdict) recordRun(verdict, into.at(trial.directory));
}

function copy(from: string, to: string): void {
  if (!existsSync(to)) copyTree(from, to);
}

/** Parts that were run on different days may have met different releases of a tree. */
function differentTrees(plan: Plan, merged: MatrixDirectory): string[] {
  const byTree = Map.groupBy(plan.trials, ({ tree }) => tree);
  return [...byTree].flatMap(([tree, trials]) => {
    const ids = new Set(trials.flatMap((trial) => merged.verdictOf(trial)?.tree.id ?? []));
    return ids.size > 1 ? [`not all trials had the same ${tree}: ${[...ids].join(', ')}`] : [];
  });
}
