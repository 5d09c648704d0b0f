import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { NotAKernelTreeError, UnknownTreeError } from '../errors.ts';
import type { Lock } from '../process/lock.ts';
import { capture, type Output, run } from '../process/run.ts';
import { requireTools } from '../process/tools.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { type Ancestor, linkFrom, newestOf, writeNames } from './derive.ts';
import { seriesOf } from './identity.ts';
import { digestOf, type Manifest } from './manifest.ts';
import { findTree, importTree } from './store.ts';
import { unpackFrom } from './unpack.ts';

/** Others' repositories are only read, and their attributes and hooks are not run. */
const GIT = ['git', '-c', 'safe.directory=*', '-c', 'core.autocrlf=false', '-c', 'core.fsmonitor=false'];

export const git = (dir: string, args: readonly string[], options: KernelOptions): Promise<Output> =>
  capture([...GIT, '-C', dir, ...args], { signal: options.signal });

/** The directory that all work trees of a repository share; null when `dir` is in none. */
export async function gitCommonDir(dir: string, options: KernelOptions): Promise<string | null> {
  const { exitCode, stdout } = await git(
    dir,
    ['rev-parse', '--path-format=absolute', '--git-common-dir'],
    options,
  );
  return exitCode === 0 ? stdout.trim() : null;
}

/**
 * The source at a commit of a git repository, keyed by the commit.
 *
 * @throws UnknownTreeError when `dir` is no repository or has no such commit.
 */
export async function resolveGit(
  spec: string,
  { dir, ref }: { dir: string; ref: string },
  options: KernelOptions,
): Promise<Tree> {
  requireTools(['git', 'tar'], 'read a git repository');
  const common = await gitCommonDir(dir, options);
  if (common === null) throw new UnknownTreeError(`'${spec}': ${dir} is no git repository.`);
  const resolved = await git(
    dir,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    options,
  );
  if (resolved.exitCode !== 0)
    throw new UnknownTreeError(`'${spec}': the repository ${dir} has no commit '${ref}'.`);
  const commit = resolved.stdout.trim();
  const repository = `git-${digestOf(common).slice(0, 8)}`;
  const id = `${repository}-${commit.slice(0, 12)}`;
  const known = await findTree(id, spec);
  if (known !== null) return known;
  return importTree(
    {
      // One lock a repository: each commit is made from the one before.
      ...{ spec, lockName: repository, id },
      nameFor: () => id,
      familyFor: (version) => `${repository}-${seriesOf(version)}`,
      fill: async (into, lock) => {
        const ancestor = await newestOf(`${repository}-`);
        const derived =
          ancestor === null ? null : await checkOutFrom(ancestor, { dir, commit, into, lock }, options);
        if (derived !== null) return derived;
        const top = path.join(into, 'src');
        await mkdir(top);
        // From the top of the repository, whatever directory of it was named.
        const prefix = (await git(dir, ['rev-parse', '--show-prefix'], options)).stdout.trim();
        const producer = [
          ...GIT,
          '-C',
          dir,
          'archive',
          '--format=tar',
          prefix === '' ? commit : `${commit}:${prefix}`,
        ];
        await unpackFrom(producer, { what: spec, into: top, lock }, options);
        return { top };
      },
    },
    options,
  );
}

interface CheckOut {
  readonly dir: string;
  readonly commit: string;
  readonly into: string;
  readonly lock: Lock;
}

/**
 * Links an earlier commit's tree and writes only what differs from it.
 *
 * @returns null when the commits cannot be compared, e.g. because the earlier one is no longer in the repository.
 */
async function checkOutFrom(
  ancestor: Ancestor,
  job: CheckOut,
  options: KernelOptions,
): Promise<{ top: string; known: Manifest } | null> {
  const { dir, commit, into, lock } = job;
  const earlier = ancestor.id.split('-').at(-1) ?? '';
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-status', earlier, commit];
  const diff = await git(dir, args, options);
  const nested = (await git(dir, ['rev-parse', '--show-prefix'], options)).stdout.trim() !== '';
  if (diff.exitCode !== 0 || nested) return null;
  const changes = parseNameStatus(diff.stdout);
  const top = path.join(into, 'src');
  const known = await linkFrom(
    ancestor,
    changes.map((change) => change.file),
    top,
    options,
  );
  const names = path.join(into, 'names');
  writeNames(
    names,
    changes.filter((change) => change.status !== 'D').map((change) => change.file),
  );
  const script =
    'names=$1 top=$2 commit=$3; shift 3; "$@" read-tree "$commit" && "$@" checkout-index -z --stdin --force --prefix="$top/" < "$names"';
  const gitDir = (await git(dir, ['rev-parse', '--absolute-git-dir'], options)).stdout.trim();
  const { exitCode, tail } = await run(
    [
      'sh',
      '-c',
      script,
      'check-out',
      names,
      top,
      commit,
      ...GIT,
      `--git-dir=${gitDir}`,
      `--work-tree=${top}`,
    ],
    {
      cwd: top,
      env: { GIT_INDEX_FILE: path.join(into, 'index') },
      signal: options.signal,
      lock,
    },
  );
  if (exitCode !== 0)
    throw new NotAKernelTreeError(
      `Commit ${commit} of ${dir} cannot be checked out: ${tail.slice(-3).join('; ')}`,
    );
  return { top, known };
}

/** Reads `git diff-tree -z --name-status`: status and path in turns, each ended by NUL. */
export function parseNameStatus(output: string): { status: string; file: string }[] {
  const fields = output.split('\0');
  const changes: { status: string; file: string }[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    changes.push({ status: fields[index] ?? '', file: fields[index + 1] ?? '' });
  }
  return changes;
}
