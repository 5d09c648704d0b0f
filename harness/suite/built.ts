import { mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from '../../common/cache.ts';

/** So many builds of one suite are kept, the last used ones; and any that was used within the day, for its user may still be at it. */
const kept = 8;
const inUseMs = 24 * 3600 * 1000;

/**
 * A directory of built programs in the cache, made by `fill` unless it is there, whole or not at all. Builds of
 * the same suite that nobody has used for long make room.
 *
 * @param key the suite's name, `-`, and a hash of everything that the programs are made of
 */
export async function onceInCache(key: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const all = await cacheDir('suites');
  const target = path.join(all, key);
  const now = new Date();
  if (await utimes(target, now, now).then(...thereOrNot)) return target;
  const partial = await mkdtemp(`${target}.`);
  try {
    await fill(partial);
    await rename(partial, target).catch((error: NodeJS.ErrnoException) => {
      // Another process finished the same directory first; its content is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  await makeRoom(all, key.replace(/-[^-]*$/, ''));
  return target;
}

const thereOrNot = [() => true, () => false] as const;

async function makeRoom(all: string, suite: string): Promise<void> {
  const names = (await readdir(all)).filter((name) => name.replace(/-[^-]*$/, '') === suite);
  const used = await Promise.all(
    names.map(async (name) => ({
      name,
      at: (await stat(path.join(all, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  const old = used
    .toSorted((a, b) => b.at - a.at)
    .slice(kept)
    .filter(({ at }) => Date.now() - at > inUseMs);
  for (const { name } of old) await rm(path.join(all, name), { recursive: true, force: true });
}
