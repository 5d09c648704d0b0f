import { createHash, hash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** What one file of a tree is. `size` in bytes, `mtime` in whole milliseconds since the epoch. */
export interface FileEntry {
  readonly kind: 'file' | 'exec' | 'link';
  readonly size: number;
  readonly mtime: number;
  /** SHA-256 (hex) of the content, or of a symbolic link's target. */
  readonly digest: string;
}

/** All files of a tree by path, relative to its top, sorted by code unit. Directories are implied. */
export type Manifest = ReadonlyMap<string, FileEntry>;

export const digestOf = (content: Uint8Array | string): string => hash('sha256', content, 'hex');

/** One number for a whole tree: what and where its files are, but not when they were written. */
export function manifestHash(manifest: Manifest): string {
  const digest = createHash('sha256');
  for (const [file, entry] of manifest) digest.update(`${entry.kind}\0${entry.digest}\0${file}\0`);
  return digest.digest('hex');
}

/** All files and symbolic links below `dir`, relative to it, sorted. `.git` at the top is not part of a tree. */
export async function listFiles(dir: string, signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const queue = [''];
  for (let sub = queue.pop(); sub !== undefined; sub = queue.pop()) {
    for (const entry of readdirSync(path.join(dir, sub), { withFileTypes: true })) {
      const name = sub === '' ? entry.name : `${sub}/${entry.name}`;
      if (name === '.git') continue;
      if (entry.isDirectory()) queue.push(name);
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(name);
    }
    await breathe(signal);
  }
  return found.toSorted(byCodeUnit);
}

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

let lastBreath = 0;

/** Synchronous reading is several times faster for 80,000 small files; this lets timers and signals in between. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (performance.now() - lastBreath < 20) return;
  await setImmediate();
  lastBreath = performance.now();
}

export interface ManifestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((files: number) => void) | undefined;
  /** Entries that are known already, e.g. of files that are links to another tree's. */
  readonly known?: Manifest | undefined;
}

/** Reads every file below `dir` and makes all of them read-only, because builds share their inodes. */
export async function sealTree(dir: string, options: ManifestOptions = {}): Promise<Manifest> {
  const manifest = new Map<string, FileEntry>();
  for (const name of await listFiles(dir, options.signal)) {
    const known = options.known?.get(name);
    const file = path.join(dir, name);
    const stats = lstatSync(file);
    if (!stats.isSymbolicLink()) chmodSync(file, stats.mode & 0o555);
    manifest.set(name, known ?? readEntry(file, stats));
    if (manifest.size % 1000 === 0) options.onProgress?.(manifest.size);
    await breathe(options.signal);
  }
  return manifest;
}

/** What `file` is now. */
export function readEntry(file: string, stats: Stats = lstatSync(file)): FileEntry {
  const link = stats.isSymbolicLink();
  return {
    kind: link ? 'link' : (stats.mode & 0o100) !== 0 ? 'exec' : 'file',
    size: stats.size,
    mtime: Math.floor(stats.mtimeMs),
    digest: digestOf(link ? readlinkSync(file) : readFileSync(file)),
  };
}

/** One file a line: kind, size, mtime, digest, path, separated by a space; paths come last because they may hold spaces. */
export const formatManifest = (manifest: Manifest): string =>
  [...manifest].map(([file, e]) => `${e.kind} ${e.size} ${e.mtime} ${e.digest} ${file}\n`).join('');

/** @throws Error when a line is none that `formatManifest` writes. */
export function parseManifest(text: string): Manifest {
  const manifest = new Map<string, FileEntry>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [kind = '', size = '', mtime = '', digest = '', ...rest] = line.split(' ');
    if (
      (kind !== 'file' && kind !== 'exec' && kind !== 'link') ||
      digest.length !== 64 ||
      rest.length === 0
    ) {
      throw new Error(`Not a line of a manifest: ${line}`);
    }
    manifest.set(rest.join(' '), { kind, size: Number(size), mtime: Number(mtime), digest });
  }
  return manifest;
}

export const readManifest = async (file: string): Promise<Manifest> =>
  parseManifest(await readFile(file, 'utf8'));

/** Paths whose content, kind or existence differs, sorted. */
export function manifestDifference(a: Manifest, b: Manifest): string[] {
  const differing = [...a].filter(([file, entry]) => !sameContent(entry, b.get(file))).map(([file]) => file);
  for (const file of b.keys()) if (!a.has(file)) differing.push(file);
  return differing.toSorted(byCodeUnit);
}

const sameContent = (a: FileEntry, b: FileEntry | undefined): boolean =>
  b !== undefined && a.digest === b.digest && a.kind === b.kind;
