import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { isRunning } from '../../../common/process.ts';
import { noteUser } from '../../../common/users.ts';
import { readJson } from '../process/json.ts';
import type { Kernel } from '../types.ts';
import { notPlain } from './plain-file.ts';

/** `kernels/HASH/kernel.json`, written last. */
const KernelFile = z.object({
  schema: z.literal(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  version: z.string(),
  label: z.string(),
  tree: z.object({ id: z.string(), hash: z.string() }),
  profile: z.string(),
  toolchain: z.string(),
  /** Wall clock. */
  seconds: z.number(),
  objectsCompiled: z.number().int(),
  /** Bytes, to know a truncated file. */
  vmlinuxSize: z.number().int().positive(),
  builtAt: z.iso.datetime(),
});

export type KernelRecord = Omit<z.infer<typeof KernelFile>, 'schema' | 'vmlinuxSize' | 'builtAt'>;

const NAMES = {
  vmlinux: 'vmlinux',
  config: 'config',
  systemMap: 'System.map',
  log: 'build.log',
  notes: 'gcno',
  record: 'kernel.json',
};

/**
 * The stored kernel of that hash; null when there is none, or when it is damaged.
 *
 * @param profile what the kernel is wanted for, when that is not the profile it was built for: two may ask for the same options.
 */
export async function loadKernel(hash: string, profile: string | null): Promise<Kernel | null> {
  const dir = path.join(await cacheDir('kernels'), hash);
  if ((await readJson(path.join(dir, NAMES.record), KernelFile)) === null) return null;
  // First of all: what has a user is not cleared away.
  await noteUser(dir);
  const record = await readJson(path.join(dir, NAMES.record), KernelFile);
  if (record === null) return null;
  const size = await stat(path.join(dir, NAMES.vmlinux)).then(
    (stats) => stats.size,
    () => -1,
  );
  if (size !== record.vmlinuxSize) return null;
  return kernelAt(dir, record, { profile: profile ?? record.profile, reused: true });
}

/** All stored kernels whose hash starts with `prefix`, each with the profile it was built for. */
export async function kernelByPrefix(prefix: string): Promise<Kernel[]> {
  const root = await cacheDir('kernels');
  const hashes = (await readdir(root)).filter(
    (name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(prefix),
  );
  const kernels = await Promise.all(hashes.map((hash) => loadKernel(hash, null)));
  return kernels.filter((kernel) => kernel !== null);
}

/** A stored kernel, as a list of them shows it. */
export type StoredKernel = z.infer<typeof KernelFile> & { readonly dir: string };

/** All kernels in the store; none of them is used by this. */
export async function storedKernels(): Promise<StoredKernel[]> {
  const root = await cacheDir('kernels');
  const dirs = (await readdir(root))
    .filter((name) => !name.startsWith('.'))
    .map((name) => path.join(root, name));
  const records = await Promise.all(dirs.map((dir) => readJson(path.join(dir, NAMES.record), KernelFile)));
  return records.flatMap((record, index) => (record === null ? [] : [{ ...record, dir: dirs[index] ?? '' }]));
}

const kernelAt = (dir: string, record: KernelRecord, use: { profile: string; reused: boolean }): Kernel => ({
  hash: record.hash,
  dir,
  vmlinux: path.join(dir, NAMES.vmlinux),
  config: path.join(dir, NAMES.config),
  systemMap: path.join(dir, NAMES.systemMap),
  log: path.join(dir, NAMES.log),
  notes: path.join(dir, NAMES.notes),
  version: record.version,
  seconds: record.seconds,
  objectsCompiled: record.objectsCompiled,
  ...use,
});

/**
 * Puts a finished build into the store: copied beside its place, on disk for sure, then renamed. The linker writes
 * into the build directory's vmlinux again, so this is a copy (on file systems that can, one that shares blocks).
 */
export async function storeKernel(buildDir: string, log: string, record: KernelRecord): Promise<Kernel> {
  const root = await cacheDir('kernels');
  const temporary = path.join(root, `.${record.hash}.${process.pid}.tmp`);
  await sweep(root, record.hash);
  await mkdir(temporary);
  const sources = { vmlinux: 'vmlinux', config: '.config', systemMap: 'System.map' } as const;
  for (const [name, source] of Object.entries(sources) as [keyof typeof sources, string][]) {
    const target = path.join(temporary, NAMES[name]);
    await copyFile(path.join(buildDir, source), target, constants.COPYFILE_FICLONE);
    await settle(target);
  }
  await copyFile(log, path.join(temporary, NAMES.log));
  await copyNotes(buildDir, path.join(temporary, NAMES.notes));
  const { size } = await stat(path.join(temporary, NAMES.vmlinux));
  const file: z.infer<typeof KernelFile> = {
    schema: 1,
    ...record,
    vmlinuxSize: size,
    builtAt: new Date().toISOString(),
  };
  await writeFile(path.join(temporary, NAMES.record), `${JSON.stringify(file, null, 2)}\n`, { flush: true });
  const dir = path.join(root, record.hash);
  await rm(dir, { recursive: true, force: true });
  await rename(temporary, dir);
  await noteUser(dir);
  return kernelAt(dir, record, { profile: record.profile, reused: false });
}

/**
 * Takes a kernel over that was built elsewhere, with the toolchain of there.
 *
 * @param fill puts the files of the kernel's directory into a new one
 * @returns null when what came is not that kernel, whole
 */
export async function adoptKernel(
  hash: string,
  fill: (dir: string) => Promise<void>,
): Promise<Kernel | null> {
  const root = await cacheDir('kernels');
  const temporary = path.join(root, `.${hash}.${process.pid}.tmp`);
  await sweep(root, hash);
  await fill(temporary);
  const record = await readJson(path.join(temporary, NAMES.record), KernelFile);
  if (record?.hash !== hash) {
    await rm(temporary, { recursive: true, force: true });
    return null;
  }
  const dir = path.join(root, hash);
  await rm(dir, { recursive: true, force: true });
  await rename(temporary, dir);
  return await loadKernel(hash, null);
}

/** What gcc says of the code that it counts (gcov(1)) fits this build's counters and no other's. */
async function copyNotes(buildDir: string, to: string): Promise<void> {
  const from = path.join(buildDir, 'io_uring');
  const notes = (await readdir(from).catch(() => [])).filter((name) => name.endsWith('.gcno'));
  const strange = await notPlain(
    buildDir,
    notes.map((name) => path.join('io_uring', name)),
  );
  if (notes.length === 0 || strange !== null) return;
  await mkdir(to);
  for (const name of notes) await copyFile(path.join(from, name), path.join(to, name));
}

/** Removes what killed processes left of this kernel. */
async function sweep(root: string, hash: string): Promise<void> {
  for (const name of await readdir(root)) {
    const owner = name.startsWith(`.${hash}.`) ? Number(name.split('.')[2]) : null;
    if (owner !== null && (owner === process.pid || !isRunning(owner))) {
      await rm(path.join(root, name), { recursive: true, force: true });
    }
  }
}

/** A copy keeps its original's owner, who may be the one that builds were confined as. */
async function settle(file: string): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.chown(process.getuid?.() ?? -1, process.getgid?.() ?? -1);
  await handle.sync();
}
