import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDir } from '../../../common/cache.ts';
import { NotAKernelTreeError } from '../errors.ts';
import type { Lock } from '../process/lock.ts';
import { capture, run } from '../process/run.ts';
import { requireTools } from '../process/tools.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { linkFrom, newestOf, writeNames } from './derive.ts';
import { git } from './git.ts';
import { kernelVersionOf, seriesOf } from './identity.ts';
import {
  breathe,
  byCodeUnit,
  digestOf,
  type FileEntry,
  formatManifest,
  listFiles,
  type Manifest,
  manifestDifference,
  manifestHash,
  parseManifest,
  readEntry,
} from './manifest.ts';
import { findTree, importTree } from './store.ts';

/** A file that was written less than this before it was read may change again within the same time stamp. */
const RACY_MS = 2000;

/**
 * A snapshot of a directory as it is now. Unchanged files are not read again and share their inodes with the snapshot before, so that
 * editing a file and building again costs a second here.
 *
 * What a build left in the directory is not part of it: in a git work tree the files that git ignores, elsewhere those that
 * the tree's own .gitignore files name, when there is a `.config` or the like.
 *
 * @throws NotAKernelTreeError
 */
export async function resolveDirectory(spec: string, dir: string, options: KernelOptions): Promise<Tree> {
  const version = await kernelVersionOf(dir, spec);
  requireTools(['git', 'tar'], 'take a snapshot of a directory');
  const place = `dir-${digestOf(realpathSync(dir)).slice(0, 8)}`;
  const memory = path.join(await cacheDir('directories'), place);
  const manifest = await readDirectory(dir, memory, options);
  const hash = manifestHash(manifest);
  const id = `${place}-${hash.slice(0, 12)}`;
  return (await findTree(id, spec)) ?? snapshot({ spec, dir, place, id, version, manifest }, options);
}

interface Snapshot {
  readonly spec: string;
  readonly dir: string;
  readonly place: string;
  readonly id: string;
  readonly version: string;
  readonly manifest: Manifest;
}

const snapshot = (source: Snapshot, options: KernelOptions): Promise<Tree> =>
  importTree(
    {
      ...{ spec: source.spec, lockName: source.place, id: source.id },
      nameFor: ({ hash }) => {
        if (source.id === `${source.place}-${hash.slice(0, 12)}`) return source.id;
        throw new NotAKernelTreeError(
          `${source.dir} was changed while it was being read. Run again when nobody writes to it.`,
        );
      },
      familyFor: (version) => `${source.place}-${seriesOf(version)}`,
      fill: async (into, lock) => {
        const top = path.join(into, 'src');
        const ancestor = await newestOf(`${source.place}-`);
        if (ancestor === null) {
          mkdirSync(top);
          await copyFiles(source.dir, [...source.manifest.keys()], { into, top, lock }, options);
          return { top };
        }
        const changed = manifestDifference(ancestor.manifest, source.manifest);
        const known = await linkFrom(ancestor, changed, top, options);
        await copyFiles(
          source.dir,
          changed.filter((file) => source.manifest.has(file)),
          { into, top, lock },
          options,
        );
        return { top, known };
      },
    },
    options,
  );

async function copyFiles(
  from: string,
  files: readonly string[],
  place: { into: string; top: string; lock: Lock },
  options: KernelOptions,
): Promise<void> {
  const names = path.join(place.into, 'names');
  writeNames(names, files);
  const script =
    'tar -C "$1" --create --file - --null --verbatim-files-from --no-recursion --files-from "$2" | tar -C "$3" --extract --no-same-owner --file -';
  const { exitCode, tail } = await run(
    ['bash', '-o', 'pipefail', '-c', script, 'copy', from, names, place.top],
    {
      signal: options.signal,
      lock: place.lock,
    },
  );
  if (exitCode !== 0) throw new NotAKernelTreeError(`${from} cannot be copied: ${tail.slice(-3).join('; ')}`);
}

/** Reads the directory, or of unchanged files what was remembered of them. */
async function readDirectory(dir: string, memory: string, options: KernelOptions): Promise<Manifest> {
  const remembered = await readMemory(memory);
  const stamps = new Map<string, string>();
  const manifest = new Map<string, FileEntry>();
  const now = Date.now();
  for (const file of await sourceFiles(dir, options)) {
    const full = path.join(dir, file);
    const stats = lstatSync(full, { throwIfNoEntry: false });
    // Tracked by git but deleted, or a submodule.
    if (stats === undefined || stats.isDirectory()) continue;
    const stamp = `${stats.ino}/${stats.ctimeMs}/${stats.mtimeMs}/${stats.size}`;
    const old = remembered.get(file);
    manifest.set(file, old?.stamp === stamp ? old.entry : readEntry(full, stats));
    if (now - stats.ctimeMs > RACY_MS) stamps.set(file, stamp);
    if (manifest.size % 1000 === 0) options.onEvent?.({ type: 'identify', what: dir, files: manifest.size });
    await breathe(options.signal);
  }
  await writeFile(
    memory,
    [...stamps]
      .map(
        ([file, stamp]) => `${stamp} ${formatManifest(new Map([[file, manifest.get(file) as FileEntry]]))}`,
      )
      .join(''),
  );
  return manifest;
}

async function readMemory(file: string): Promise<Map<string, { stamp: string; entry: FileEntry }>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const memory = new Map<string, { stamp: string; entry: FileEntry }>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    for (const [name, entry] of parseManifest(line.slice(space + 1)))
      memory.set(name, { stamp: line.slice(0, space), entry });
  }
  return memory;
}

/** The files that make up the source, sorted. */
async function sourceFiles(dir: string, options: KernelOptions): Promise<string[]> {
  // A tarball that was unpacked somewhere inside another project's repository is not that project's.
  const tracked = await git(dir, ['ls-files', '--', 'Makefile'], options);
  if (tracked.exitCode === 0 && tracked.stdout !== '')
    return listWithGit(dir, ['--cached', '--others', '--exclude-standard'], options);
  if (!wasBuiltIn(dir)) return listFiles(dir, options.signal);
  const temporary = await mkdtemp(path.join(tmpdir(), 'ringtrial-git-'));
  try {
    await capture(['git', 'init', '--quiet', '--bare', temporary], options);
    return await listWithGit(dir, ['--others', '--exclude-standard'], options, [
      `--git-dir=${temporary}`,
      `--work-tree=${dir}`,
    ]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What the kernel's Makefile calls an unclean source, and refuses to build outside of (6.1, `outputmakefile`). */
const wasBuiltIn = (dir: string): boolean =>
  ['.config', 'include/config', 'arch/x86/include/generated'].some((name) =>
    existsSync(path.join(dir, name)),
  );

async function listWithGit(
  dir: string,
  what: readonly string[],
  options: KernelOptions,
  where: readonly string[] = [],
): Promise<string[]> {
  const { exitCode, stdout, stderr } = await git(dir, [...where, 'ls-files', '-z', ...what], options);
  if (exitCode !== 0) throw new NotAKernelTreeError(`The files of ${dir} cannot be listed: ${stderr.trim()}`);
  return [...new Set(stdout.split('\0').filter((name) => name !== ''))].toSorted(byCodeUnit);
}
