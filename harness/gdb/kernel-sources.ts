import { RingtrialError } from '../../common/errors.ts';
import {
  applySeries,
  base,
  type Candidate,
  loadCandidate,
  UnknownCandidateError,
} from '../../patches/index.ts';
import { type BuildRequest, findTree, type Kernel, kernelOrigin } from '../../vm/kernel/index.ts';

/** The sources of a kernel are not there, or are others than it was built from. */
export class NoKernelSourcesError extends RingtrialError {
  readonly code = 'NO_KERNEL_SOURCES';
}

export interface SourcesRequest {
  readonly kernel: Kernel;
  /** The candidate, where the kernel's record alone does not lead to it. */
  readonly patch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a stored kernel was built from, as a request that `switchedSources` takes: its record names the tree and the
 * candidate.
 *
 * @throws NoKernelSourcesError, and the errors of `loadCandidate` and `applySeries`
 */
export async function sourcesOf({ kernel, patch, signal }: SourcesRequest): Promise<BuildRequest> {
  const origin = await kernelOrigin(kernel);
  const tree = origin === null ? null : await findTree(origin.tree.id, origin.tree.id);
  if (origin === null || tree === null || tree.hash !== origin.tree.hash)
    throw new NoKernelSourcesError(
      `The source that kernel ${kernel.hash.slice(0, 12)} was built from (${origin?.tree.id ?? 'unknown'}) is no longer in the cache. ` +
        'Build the kernel again with: ringtrial evaluate',
    );
  const candidate = await candidateOf(origin.label, patch);
  const { changes } = await applySeries(tree.dir, candidate, signal === undefined ? {} : { signal });
  return { tree, changes, label: candidate.name, profile: kernel.profile };
}

async function candidateOf(label: string, patch: string | undefined): Promise<Candidate> {
  if (label === 'base' && patch === undefined) return base;
  try {
    return await loadCandidate(patch ?? label);
  } catch (error) {
    if (patch !== undefined || !(error instanceof UnknownCandidateError)) throw error;
    throw new NoKernelSourcesError(
      `This kernel was built from "${label}", which is none of the candidates here. Name its patch with --patch.`,
      { cause: error },
    );
  }
}
