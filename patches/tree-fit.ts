import { type ApplyOptions, applySeries, type Fit, fits, PatchDoesNotApplyError } from './apply.ts';
import type { Candidate } from './candidate.ts';
import type { HunkFailure } from './explain.ts';
import { isKernelPath } from './ingest/project.ts';
import { parseSafely, UnsafePatchError } from './safety.ts';

/** How a candidate may fit a tree. */
export const treeFits = [...fits, 'fails', 'refused'] as const;

/** How a candidate fits one tree. */
interface TreeFit {
  readonly fit: (typeof treeFits)[number];
  /** In a few words: how far it is off, or where it fails first. */
  readonly summary: string;
  /** Every hunk and line that is not as the patch has it; of a failure the whole explanation. */
  readonly details: readonly string[];
  /** The patch that fails first. */
  readonly patch?: string;
}

/**
 * Tries a candidate on a tree.
 *
 * @throws EmptyPatchError, DamagedPatchError, GitMissingError: they are not the tree's fault.
 */
export async function fitTo(
  treeDir: string,
  candidate: Candidate,
  options: ApplyOptions = {},
): Promise<TreeFit> {
  try {
    const { fit, fuzz } = await applySeries(treeDir, candidate, options);
    return { fit, summary: applied(fit, fuzz), details: fuzz };
  } catch (error) {
    if (error instanceof UnsafePatchError)
      return { fit: 'refused', summary: error.message, details: [error.message] };
    if (!(error instanceof PatchDoesNotApplyError)) throw error;
    const patch = candidate.patches.find(({ name }) => name === error.patch);
    const hunks = patch
      ? parseSafely(patch.name, patch.bytes).files.reduce(
          (sum, file) => sum + Math.max(1, file.hunks.length),
          0,
        )
      : 0;
    const first = candidate.patches.length === 1 ? '' : `${error.patch}: `;
    return {
      fit: 'fails',
      summary: first + failed(error.failures, hunks),
      details: error.message.split('\n'),
      patch: error.patch,
    };
  }
}

function applied(fit: Fit, fuzz: readonly string[]): string {
  const count = (what: string): string => `${fuzz.length} ${what}${fuzz.length === 1 ? '' : 's'}`;
  switch (fit) {
    case 'exact':
      return 'applies';
    case 'offset':
      return `applies, ${count('hunk')} at another line (${furthest(fuzz)})`;
    case 'three-way':
      return `applies by a three-way merge of ${count('file')}`;
    case 'blanks':
      return `applies once blanks are repaired (${count('note')})`;
    case 'fuzz':
      return `applies with fuzz (${count('note')})`;
  }
}

function furthest(fuzz: readonly string[]): string {
  const far = Math.max(...fuzz.map((note) => Number(/ (\d+) lines? further /.exec(note)?.[1] ?? 0)));
  return `up to ${far} line${far === 1 ? '' : 's'} off`;
}

/** The first hunk that fails, and what is known of it and of the others. */
function failed(failures: readonly HunkFailure[], hunks: number): string {
  const [first] = failures;
  if (first === undefined) return 'does not apply';
  const done = failures.filter(({ reason }) => reason === 'already-applied').length;
  if (done === hunks) return 'is applied already';
  if (failures.every(({ reason }) => reason === 'missing-file')) return missing(failures);
  const place = first.hunk === '' ? first.file : `${first.file}:${first.lookedForAt}`;
  const rest = failures.length > 1 ? `, and ${failures.length - 1} more of ${hunks} hunks` : '';
  const part = done > 0 ? `; ${done} hunk${done === 1 ? ' is' : 's are'} applied already` : '';
  return `does not apply: ${place} ${words(first)}${rest}${part}`;
}

function missing(failures: readonly HunkFailure[]): string {
  const files = [...new Set(failures.map(({ file }) => file))];
  const moved = failures.find(({ elsewhere }) => elsewhere !== undefined)?.elsewhere?.path;
  const place = moved ?? failures.flatMap(({ movedTo }) => movedTo ?? [])[0];
  if (place === undefined && !files.some(isKernelPath))
    return `does not apply: there is no ${files[0]}; it is for another project`;
  const now = place === undefined ? '' : `; its code may be in ${place} now`;
  return `does not apply: there is no ${files.slice(0, 2).join(', ')}${files.length > 2 ? ', …' : ''}${now}`;
}

function words({ reason, closest, appliedAt, elsewhere }: HunkFailure): string {
  switch (reason) {
    case 'already-applied':
      return `is applied already (line ${appliedAt})`;
    case 'missing-file':
      return 'is a file that is not there';
    case 'file-exists':
      return 'is to be made, but it is there';
    case 'nowhere':
      return elsewhere
        ? `is nowhere in the file; like ${elsewhere.path}:${elsewhere.place.line}`
        : 'is nowhere in the file';
    case 'differs':
      return closest
        ? `differs (most like line ${closest.line}, ${closest.agree} of ${closest.wanted} lines)`
        : 'differs';
  }
}
