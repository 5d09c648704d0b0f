import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasUsers } from '../../common/users.ts';
import { tryLock } from '../../vm/kernel/process/lock.ts';
import { type Entry, kinds } from './entries.ts';

export interface PruneRules {
  /** What nobody has used for so many days goes. */
  readonly unusedDays: number;
  /** Then more goes, until the rest takes no more than this; undefined: nothing more. */
  readonly keepBytes?: number | undefined;
}

/** An entry that goes, and by which rule. */
export interface Pruned {
  readonly entry: Entry;
  readonly why: string;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * What goes by the rules: never what a living process uses; what has not been used for long; then, for
 * room, kind by kind in the order of `kinds`, of each kind the least recently used first.
 *
 * @param now milliseconds since the epoch
 */
export function choose(
  entries: readonly Entry[],
  { unusedDays, keepBytes }: PruneRules,
  now: number,
): Pruned[] {
  const free = entries
    .filter(({ inUse }) => !inUse)
    .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.usedAt - b.usedAt);
  const pruned = free.flatMap((entry): Pruned[] => {
    if (entry.kind === 'leftovers') return [{ entry, why: 'its process is gone' }];
    const days = Math.floor((now - entry.usedAt) / DAY_MS);
    return days >= unusedDays ? [{ entry, why: `unused for ${days} days` }] : [];
  });
  if (keepBytes === undefined) return pruned;
  const gone = new Set(pruned.map(({ entry }) => entry));
  let left = entries.filter((entry) => !gone.has(entry)).reduce((sum, { bytes }) => sum + bytes, 0);
  for (const entry of free.filter((one) => !gone.has(one))) {
    if (left <= keepBytes) break;
    pruned.push({ entry, why: 'to make room' });
    left -= entry.bytes;
  }
  return pruned;
}

/**
 * Removes an entry, unless somebody has begun to use it since it was looked at.
 *
 * @returns whether it is gone
 */
export async function remove({ kind, path: place }: Entry): Promise<boolean> {
  if (kind === 'work trees' || kind === 'checks') return await removeLocked(place);
  // Out of sight first: whoever comes now does not find it, whoever came before has noted it.
  const aside = path.join(path.dirname(place), `.${path.basename(place)}.${process.pid}.tmp`);
  await rename(place, aside);
  if (await hasUsers(aside)) {
    await rename(aside, place);
    return false;
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** The lock's own file stays: others may be waiting for it. */
async function removeLocked(place: string): Promise<boolean> {
  await using lock = await tryLock(path.join(place, 'lock'));
  if (lock === null) return false;
  // The journal goes first, so that a half-removed work tree is none.
  await rm(path.join(place, 'state.json'), { force: true });
  for (const name of await readdir(place))
    if (name !== 'lock') await rm(path.join(place, name), { recursive: true, force: true });
  return true;
}
