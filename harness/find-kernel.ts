import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../common/errors.ts';
import { type Kernel, kernelByPrefix } from '../vm/kernel/index.ts';
import { runsRoot } from './run-directory.ts';
import { verdictSchema } from './verdict.ts';

/** No kernel, or more than one, is meant by what the user wrote. */
export class UnknownKernelError extends RingtrialError {
  readonly code = 'UNKNOWN_KERNEL';
}

/** A built kernel, and the suite whose programs its guest should hold. */
export interface FoundKernel {
  readonly kernel: Kernel;
  readonly suite: string;
}

/**
 * Finds a built kernel by the hash (or its beginning) that names it in the cache, or by a run
 * directory, whose candidate it is (`DIR:base` for the other one). Nothing named: the newest run.
 *
 * @throws UnknownKernelError saying what there is
 */
export async function findKernel(reference?: string): Promise<FoundKernel> {
  const wanted = reference ?? (await newestRun());
  const [directory, side = 'candidate'] = splitSide(wanted);
  const text = await readFile(path.join(directory, 'verdict.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return { kernel: await byHash(wanted), suite: 'fixed-buffers' };
  const parsed = verdictSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new UnknownKernelError(`${directory}/verdict.json is not a verdict of this version.`);
  const hash = parsed.data.kernels[side === 'base' ? 'base' : 'candidate']?.hash;
  if (hash === undefined) throw new UnknownKernelError(`The ${side} kernel of ${directory} was never built.`);
  return { kernel: await byHash(hash), suite: parsed.data.suite };
}

function splitSide(reference: string): [string, string?] {
  const match = /^(.*):(base|candidate)$/.exec(reference);
  return match ? [match[1] ?? '', match[2] ?? ''] : [reference];
}

async function byHash(hash: string): Promise<Kernel> {
  const found = /^[0-9a-f]{4,64}$/.test(hash) ? await kernelByPrefix(hash) : [];
  if (found.length === 1 && found[0]) return found[0];
  throw new UnknownKernelError(
    found.length > 1
      ? `"${hash}" begins the hashes of ${found.length} kernels; write more of it.`
      : `"${hash}" is neither a run directory nor the beginning of a built kernel's hash. Build one with: ringtrial evaluate base`,
  );
}

/** Names of runs begin with their time. */
async function newestRun(): Promise<string> {
  const names = (await readdir(runsRoot()).catch(() => [])).toSorted((a, b) => (a < b ? 1 : -1));
  for (const name of names) {
    const directory = path.join(runsRoot(), name);
    if ((await readdir(directory)).includes('verdict.json')) return directory;
  }
  throw new UnknownKernelError(
    'There is no run yet, so name a kernel, or make one with: ringtrial evaluate base',
  );
}
