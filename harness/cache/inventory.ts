import { z } from 'zod';
import { cacheRoot } from '../../common/cache.ts';
import {
  cachedTrees,
  findTree,
  type KernelOptions,
  knownCheck,
  loadProfile,
  type OfferedTree,
  type Profile,
  profileNames,
  type StoredKernel,
  storedKernels,
  type Tree,
} from '../../vm/kernel/index.ts';
import { cacheEntries, type Entry, kinds } from './entries.ts';

const profileOfTree = z.object({
  profile: z.string(),
  /** Kernels of this tree in the cache, base's among them. */
  kernels: z.number().int(),
  /** The unpatched one is there: a trial begins at once. */
  base: z.boolean(),
  /** Whether the tree can be built with it; `unknown` until somebody has tried (`--check`, or a build). */
  supported: z.enum(['yes', 'no', 'unknown']),
  /** Why not. */
  why: z.string().nullable(),
});

const treeRow = z.object({
  /** As `--tree` takes it. */
  tree: z.string(),
  /** Debian's version, or what `make kernelversion` prints; null when nobody knows before it is fetched. */
  version: z.string().nullable(),
  /** Where it comes from: Debian's suites; empty for what is only in the cache. */
  suites: z.array(z.string()),
  /** Null when it is not in the cache. */
  cached: z
    .object({
      id: z.string(),
      version: z.string(),
      directory: z.string(),
      bytes: z.number(),
      usedAt: z.iso.datetime(),
      profiles: z.array(profileOfTree),
    })
    .nullable(),
});
export type TreeRow = z.infer<typeof treeRow>;

/** What `ringtrial trees --json` prints. The version rises when a field changes its meaning or goes. */
export const inventorySchema = z.object({
  schema: z.literal('ringtrial.trees/1'),
  trees: z.array(treeRow),
  cache: z.object({
    directory: z.string(),
    /** By kind of content. */
    bytes: z.record(z.string(), z.number()),
  }),
});
export type Inventory = z.infer<typeof inventorySchema>;

/** What trees there are, and what of them is in the cache. Older releases of a series have a row of their own. */
export async function inventory(offered: readonly OfferedTree[], options: KernelOptions): Promise<Inventory> {
  const [ids, kernels, entries] = await Promise.all([
    cachedTrees(''),
    storedKernels(),
    cacheEntries(options.signal),
  ]);
  const profiles = await Promise.all((await profileNames()).map((name) => loadProfile(name)));
  const found = await Promise.all(ids.map((id) => findTree(id, id)));
  const cached = new Map<string, TreeRow['cached']>();
  for (const tree of found)
    if (tree !== null) cached.set(tree.id, await cachedRow(tree, { kernels, entries, profiles }));
  const rows = offered.map(({ spec, version, suites }): TreeRow => {
    const id = `debian-${version}`;
    const row = { tree: spec, version, suites: [...suites], cached: cached.get(id) ?? null };
    cached.delete(id);
    return row;
  });
  const others = [...cached].map(([id, there]): TreeRow => {
    return { tree: specOf(id), version: there?.version ?? null, suites: [], cached: there };
  });
  const bytes = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      entries.filter((entry) => entry.kind === kind).reduce((sum, entry) => sum + entry.bytes, 0),
    ]),
  );
  return {
    schema: 'ringtrial.trees/1',
    trees: [...rows, ...others],
    cache: { directory: cacheRoot(), bytes },
  };
}

/** An exact version of Debian's can be asked for again; what came from a directory goes by its id. */
const specOf = (id: string): string => id.replace(/^debian-(?=\d)/, 'debian:');

interface Known {
  readonly kernels: readonly StoredKernel[];
  readonly entries: readonly Entry[];
  readonly profiles: readonly Profile[];
}

async function cachedRow(tree: Tree, { kernels, entries, profiles }: Known): Promise<TreeRow['cached']> {
  const entry = entries.find(({ kind, name }) => kind === 'trees' && name === tree.id);
  const own = kernels.filter((kernel) => kernel.tree.hash === tree.hash);
  const rows = profiles.map(async (profile): Promise<z.infer<typeof profileOfTree>> => {
    const built = own.filter((kernel) => kernel.profile === profile.name);
    const check = built.length > 0 ? { supported: true, why: null } : await knownCheck(tree, profile);
    return {
      profile: profile.name,
      kernels: built.length,
      base: built.some(({ label }) => label === 'base'),
      supported: check === null ? 'unknown' : check.supported ? 'yes' : 'no',
      why: check?.why ?? null,
    };
  });
  return {
    ...{ id: tree.id, version: tree.version, directory: tree.dir, bytes: entry?.bytes ?? 0 },
    usedAt: new Date(entry?.usedAt ?? 0).toISOString(),
    profiles: await Promise.all(rows),
  };
}
