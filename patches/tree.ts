import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TextFile } from './explain.ts';
import { UnsafePatchError } from './safety.ts';

/** A regular file of a tree. */
export interface TreeFile {
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/**
 * Reads a file that a patch names; undefined when there is none.
 *
 * @throws UnsafePatchError when the path, or a directory on the way to it, is a symbolic link (the
 * file behind it may lie anywhere), or when it is no regular file.
 */
export async function readTreeFile(tree: string, name: string): Promise<TreeFile | undefined> {
  const parts = name.split('/');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const sofar = parts.slice(0, depth).join('/');
    const info = await lstat(path.join(tree, sofar)).catch(absent);
    if (info === undefined) return undefined;
    if (info.isSymbolicLink()) {
      throw new UnsafePatchError(`A patch for ${name} is refused: ${sofar} is a symbolic link in the tree.`);
    }
    if (depth < parts.length) continue;
    if (!info.isFile()) {
      throw new UnsafePatchError(`A patch for ${name} is refused: in the tree it is no regular file.`);
    }
    return { content: await readFile(path.join(tree, name)), executable: (info.mode & 0o100) !== 0 };
  }
  return undefined;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

// io_uring left fs/ for a directory of its own in 6.0, and in the long-term kernels from 5.10.162 on.
const moves: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^fs\/io[_-](?:uring|wq)[^/]*$/, ['io_uring']],
  [/^io_uring\//, ['io_uring', 'fs/io_uring.c', 'fs/io-wq.c', 'fs/io-wq.h']],
];

/** Source files in which the code of `name` may be found when `name` itself does not have it. */
export async function relatedFiles(tree: string, name: string): Promise<TextFile[]> {
  const known = moves.filter(([pattern]) => pattern.test(name)).flatMap(([, places]) => places);
  const paths = new Set<string>();
  for (const place of known) {
    const inside = await sourcesIn(tree, place);
    for (const file of inside) paths.add(file);
  }
  if (paths.size === 0) {
    for (const file of await namesakes(tree, path.posix.basename(name))) paths.add(file);
  }
  paths.delete(name);
  const files: TextFile[] = [];
  for (const file of [...paths].toSorted()) {
    const found = await readTreeFile(tree, file).catch(() => undefined);
    if (found) files.push({ path: file, text: Buffer.from(found.content).toString('utf8') });
  }
  return files;
}

async function sourcesIn(tree: string, place: string): Promise<string[]> {
  const info = await lstat(path.join(tree, place)).catch(absent);
  if (info?.isFile()) return [place];
  if (!info?.isDirectory()) return [];
  const entries = await readdir(path.join(tree, place));
  return entries.filter((entry) => /\.[ch]$/.test(entry)).map((entry) => `${place}/${entry}`);
}

/** Files with the same name anywhere in the tree; a kernel has about 80,000 files, one second to list. */
async function namesakes(tree: string, basename: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true });
  return entries
    .filter((entry) => path.basename(entry) === basename && !entry.startsWith('.git/'))
    .slice(0, 50);
}
