import { lstatSync, mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { TreeDamagedError, UnsafePathError } from '../errors.ts';
import { breathe, digestOf, type FileEntry, type Manifest, readEntry } from '../tree/manifest.ts';
import type { SourceChange, Tree } from '../types.ts';

/** What a file should be; null: it should not be there. */
export type Target = Pick<FileEntry, 'kind' | 'digest'> | null;

/** @throws UnsafePathError when `file` is absolute, empty, or climbs out of the tree. */
export function checkPath(file: string): void {
  const normal = path.posix.normalize(file);
  if (
    file === '' ||
    normal !== file ||
    path.posix.isAbsolute(file) ||
    normal.startsWith('..') ||
    normal.endsWith('/') ||
    file.includes('\0')
  ) {
    throw new UnsafePathError(`A patch wants to write '${file}', which is no plain path inside the tree.`);
  }
}

/** What a change makes of its file. */
export const targetOf = (change: SourceChange): Target =>
  change.content === null
    ? null
    : { kind: change.executable ? 'exec' : 'file', digest: digestOf(change.content) };

export const sameTarget = (a: Target | undefined, b: Target | undefined): boolean =>
  (a ?? null) === null || (b ?? null) === null
    ? (a ?? null) === (b ?? null)
    : a?.digest === b?.digest && a?.kind === b?.kind;

/**
 * Brings one file of a work tree to what it should be: always as a new file that is renamed into place, never
 * by writing into the old one, whose inode the pristine source shares. Its time of modification is now, so that make
 * compiles what depends on it, also when an older content comes back.
 *
 * @returns how the file is now; null when it was removed.
 */
export async function placeFile(
  sourceDir: string,
  file: string,
  from: SourceChange | { tree: Tree; manifest: Manifest },
): Promise<FileEntry | null> {
  checkPath(file);
  const target = path.join(sourceDir, file);
  const wanted = 'tree' in from ? (from.manifest.get(file) ?? null) : from.content;
  if (wanted === null) {
    rmSync(target, { force: true });
    return null;
  }
  checkParents(sourceDir, file);
  mkdirSync(path.dirname(target), { recursive: true });
  // Where another candidate had a directory.
  if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true)
    rmSync(target, { recursive: true });
  const temporary = `${target}.switching`;
  rmSync(temporary, { force: true });
  if ('tree' in from) {
    await copyPristine(from.tree, file, from.manifest.get(file) as FileEntry, temporary);
  } else {
    writeFileSync(temporary, from.content as Uint8Array, { mode: from.executable ? 0o755 : 0o644 });
  }
  renameSync(temporary, target);
  return readEntry(target);
}

async function copyPristine(tree: Tree, file: string, entry: FileEntry, target: string): Promise<void> {
  const source = path.join(tree.dir, file);
  const content = await (entry.kind === 'link' ? readlink(source) : readFile(source)).catch(() => null);
  if (content === null || digestOf(content) !== entry.digest)
    throw new TreeDamagedError(file, path.dirname(tree.dir));
  if (typeof content === 'string') symlinkSync(content, target);
  else writeFileSync(target, content, { mode: entry.kind === 'exec' ? 0o755 : 0o644 });
}

/** A directory that is a symbolic link could lead anywhere on this machine. */
function checkParents(sourceDir: string, file: string): void {
  const top = realpathSync(sourceDir);
  for (let parent = path.dirname(file); parent !== '.'; parent = path.dirname(parent)) {
    const full = path.join(top, parent);
    if (lstatSync(full, { throwIfNoEntry: false }) === undefined) continue;
    if (realpathSync(full) === full) return;
    throw new UnsafePathError(
      `A patch wants to write '${file}', which lies behind a symbolic link of the tree.`,
    );
  }
}

/** The files below `dir` whose size or time of modification is not as it should be, or that are missing; null: should be missing. */
export async function findModified(
  dir: string,
  expected: Iterable<readonly [string, FileEntry | null]>,
  signal?: AbortSignal,
): Promise<string[]> {
  const modified: string[] = [];
  for (const [file, entry] of expected) {
    const stats = lstatSync(path.join(dir, file), { throwIfNoEntry: false });
    const same =
      entry === null
        ? stats === undefined
        : stats !== undefined && stats.size === entry.size && Math.floor(stats.mtimeMs) === entry.mtime;
    if (!same) modified.push(file);
    await breathe(signal);
  }
  return modified;
}
