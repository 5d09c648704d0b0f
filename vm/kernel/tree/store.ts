import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { readJson } from '../process/json.ts';
import { type Lock, lockFile } from '../process/lock.ts';
import { requireSpace, TREE_BYTES } from '../process/space.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { kernelVersionOf } from './identity.ts';
import { formatManifest, type Manifest, manifestHash, readManifest, sealTree } from './manifest.ts';

/** `trees/ID/tree.json`, written last: a tree without it is not there. */
const TreeFile = z.object({
  schema: z.literal(1),
  id: z.string(),
  version: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  family: z.string(),
});

const treeDir = async (id: string): Promise<string> => path.join(await cacheDir('trees'), id);

/** Makes any text safe as a directory name and for make, which takes neither blanks nor colons. */
export const safeName = (text: string): string => text.replaceAll(/[^A-Za-z0-9._+-]+/g, '_');

/** The tree of that id, when the cache has it. */
export async function findTree(id: string, spec: string): Promise<Tree | null> {
  const dir = await treeDir(id);
  const found = await readJson(path.join(dir, 'tree.json'), TreeFile);
  if (found === null) return null;
  const { version, hash, family } = found;
  return { spec, id, dir: path.join(dir, 'src'), version, hash, family };
}

/** Ids in the cache that start with `prefix`, newest first by the time they were unpacked. */
export async function cachedTrees(prefix: string): Promise<string[]> {
  const root = await cacheDir('trees');
  const ids = (await readdir(root)).filter((id) => id.startsWith(prefix));
  const dated = await Promise.all(ids.map(async (id) => ({ id, at: await unpackedAt(path.join(root, id)) })));
  return dated
    .flatMap((tree) => (tree.at === null ? [] : [{ id: tree.id, at: tree.at }]))
    .toSorted((a, b) => b.at - a.at)
    .map((tree) => tree.id);
}

async function unpackedAt(dir: string): Promise<number | null> {
  return stat(path.join(dir, 'tree.json')).then(
    (stats) => stats.mtimeMs,
    () => null,
  );
}

/** Where a cached tree's manifest is. */
export const manifestFile = (tree: Pick<Tree, 'dir'>): string =>
  path.join(path.dirname(tree.dir), 'manifest');

export const treeManifest = (tree: Pick<Tree, 'dir'>): Promise<Manifest> => readManifest(manifestFile(tree));

export interface TreeSource {
  readonly spec: string;
  /** One process at a time brings in what has this name. */
  readonly lockName: string;
  /** The id, when it is known before the source has been read: then nothing is done twice. */
  readonly id: string | null;
  /** The id, once the source has been read. */
  readonly nameFor: (content: { readonly version: string; readonly hash: string }) => string;
  readonly familyFor: (version: string) => string;
  /**
   * Fills the empty directory and returns where in it the top of the source is, with what is known of its files.
   * It runs under the lock.
   */
  readonly fill: (dir: string, lock: Lock) => Promise<{ readonly top: string; readonly known?: Manifest }>;
}

/**
 * Brings a source into the cache: filled beside its place, read, sealed, and then renamed into it, so that a tree
 * is there as a whole or not at all.
 */
export async function importTree(source: TreeSource, options: KernelOptions): Promise<Tree> {
  const root = await cacheDir('trees');
  await using lock = await lockFile(path.join(root, `.${safeName(source.lockName)}.lock`), {
    signal: options.signal,
    onWait: (holder) => options.onEvent?.({ type: 'waiting', what: `the source ${source.spec}`, holder }),
  });
  const existing = source.id === null ? null : await findTree(source.id, source.spec);
  if (existing !== null) return existing;

  // The lock is ours, so a directory of this name is what a killed process left.
  const temporary = path.join(root, `.${safeName(source.lockName)}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await requireSpace(`the source ${source.spec}`, root, TREE_BYTES);
  await mkdir(path.join(temporary, 'in'), { recursive: true });
  try {
    return await fillAndPlace(source, { temporary, lock }, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function fillAndPlace(
  source: TreeSource,
  place: { temporary: string; lock: Lock },
  options: KernelOptions,
): Promise<Tree> {
  const { top, known } = await source.fill(path.join(place.temporary, 'in'), place.lock);
  const version = await kernelVersionOf(top, source.spec);
  const manifest = await sealTree(top, {
    signal: options.signal,
    known,
    onProgress: (files) => options.onEvent?.({ type: 'identify', what: source.spec, files }),
  });
  const hash = manifestHash(manifest);
  const id = source.nameFor({ version, hash });
  const found = await findTree(id, source.spec);
  if (found !== null) return found;

  const staged = path.join(place.temporary, 'staged');
  await mkdir(staged);
  await rename(top, path.join(staged, 'src'));
  const family = source.familyFor(version);
  await writeFile(path.join(staged, 'manifest'), formatManifest(manifest));
  await writeFile(
    path.join(staged, 'tree.json'),
    `${JSON.stringify({ schema: 1, id, version, hash, family }, null, 2)}\n`,
  );
  const target = await treeDir(id);
  await rm(target, { recursive: true, force: true });
  await rename(staged, target);
  return { spec: source.spec, id, dir: path.join(target, 'src'), version, hash, family };
}
