import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { applySeries, type FileChange, loadCandidate } from '../../patches/index.ts';
import { parsePatchFile } from '../../patches/parse.ts';
import { resolveTree } from '../../vm/kernel/index.ts';
import type { KernelReport } from '../klog/index.ts';
import type { Suspect } from './attribute.ts';
import { type CodeChanges, changesOfDiffs, changesOfFiles, type FilePair } from './changes.ts';
import { scanLog } from './scan.ts';
import { fileSource } from './source.ts';

export interface SuspectRequest {
  /** A candidate's name, a patch file or a directory of patches. */
  readonly patch: string;
  /** The tree that the patch is for. With it, changed functions are read from the sources instead of guessed from hunks. */
  readonly tree?: string | undefined;
  /** Logs of the unpatched kernel under the same load. */
  readonly base: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * What reports are attributed to.
 *
 * @throws the errors of `loadCandidate`, `applySeries`, `resolveTree` and `fileSource`
 */
export async function loadSuspect(request: SuspectRequest): Promise<Suspect> {
  const changes = await changesOf(request);
  if (request.base.length === 0) return { changes };
  const base: Pick<KernelReport, 'signature'>[] = [];
  for (const name of request.base) {
    const onReport = ({ report: { signature } }: { report: KernelReport }): void =>
      void base.push({ signature });
    await scanLog(await fileSource(name), { signal: request.signal, onReport });
  }
  return { changes, base };
}

async function changesOf({ patch, tree, signal }: SuspectRequest): Promise<CodeChanges> {
  const candidate = await loadCandidate(patch);
  if (tree === undefined)
    return changesOfDiffs(candidate.patches.flatMap(({ name, bytes }) => parsePatchFile(name, bytes).files));
  const { dir } = await resolveTree(tree, { signal });
  const { changes } = await applySeries(dir, candidate, signal === undefined ? {} : { signal });
  return changesOfApplied(dir, changes);
}

/** What applying a candidate to a pristine tree changed. */
export const changesOfApplied = async (treeDir: string, changes: readonly Change[]): Promise<CodeChanges> =>
  changesOfFiles(await filePairs(treeDir, changes));

type Change = Pick<FileChange, 'path' | 'content'>;

/** Each changed file as it is in the pristine tree, and as the candidate makes it. */
export const filePairs = (treeDir: string, changes: readonly Change[]): Promise<FilePair[]> =>
  Promise.all(
    changes.map(async ({ path: file, content }) => ({
      path: file,
      before: await readFile(path.join(treeDir, file), 'utf8').catch(() => null),
      after: content === null ? null : Buffer.from(content).toString('utf8'),
    })),
  );
