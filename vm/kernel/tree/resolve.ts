import { stat } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from '../../../common/cache.ts';
import { noteUser } from '../../../common/users.ts';
import { UnknownTreeError } from '../errors.ts';
import { sayingNoSpace } from '../process/space.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { resolveTarball, resolveUrl } from './archive.ts';
import { DEBIAN_EXAMPLES, resolveDebian } from './debian.ts';
import { resolveDirectory } from './directory.ts';
import { resolveGit } from './git.ts';

/**
 * Finds the kernel source that `spec` names, bringing it into the cache when it is not there yet:
 *
 * - `debian:6.1`, `debian:6.1.192-2`: Debian's `linux-source` package;
 * - a directory: a snapshot of its files as they are now, without what a build left in it;
 * - `DIR@REF`: what a commit of a git repository holds;
 * - a tarball, by path or by http(s) URL, optionally with `#sha256=HEX`.
 *
 * @throws UnknownTreeError, NotAKernelTreeError, NoNetworkError, NoSpaceError, DownloadCorruptError, MissingToolError,
 * and the signal's reason when aborted.
 */
export async function resolveTree(spec: string, options: KernelOptions): Promise<Tree> {
  options.signal?.throwIfAborted();
  return sayingNoSpace(`the source ${spec}`, await cacheDir(), async () => {
    const tree = await resolve(spec, options);
    await noteUser(path.dirname(tree.dir));
    return tree;
  });
}

async function resolve(spec: string, options: KernelOptions): Promise<Tree> {
  if (spec.startsWith('debian:')) return resolveDebian(spec, options);
  if (/^https?:\/\//.test(spec)) return resolveUrl(spec, options);
  const [file = ''] = spec.split('#');
  const kind = await kindOf(spec);
  if (kind === 'directory') return resolveDirectory(spec, path.resolve(spec), options);
  if (kind === 'file' || (await kindOf(file)) === 'file') return resolveTarball(spec, options);
  const git = await splitGitSpec(spec);
  if (git !== null) return resolveGit(spec, git, options);
  throw new UnknownTreeError(
    `There is no tree '${spec}'. A tree is ${DEBIAN_EXAMPLES.join(', ')} (or another debian:VERSION), a directory, DIR@REF of a git repository, or a tarball's path or URL.`,
  );
}

async function kindOf(file: string): Promise<'directory' | 'file' | null> {
  const stats = await stat(file).catch(() => null);
  return stats === null ? null : stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : null;
}

/** `DIR@REF`: both may hold an `@`, so the first split that leaves a directory counts. */
async function splitGitSpec(spec: string): Promise<{ dir: string; ref: string } | null> {
  for (let at = spec.indexOf('@'); at >= 0; at = spec.indexOf('@', at + 1)) {
    const dir = spec.slice(0, at);
    if (at < spec.length - 1 && (await kindOf(dir)) === 'directory')
      return { dir: path.resolve(dir), ref: spec.slice(at + 1) };
  }
  return null;
}
