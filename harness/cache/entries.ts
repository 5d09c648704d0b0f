import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from '../../common/cache.ts';
import { isRunning } from '../../common/process.ts';
import { hasUsers } from '../../common/users.ts';
import { capture, type StoredKernel, storedKernels } from '../../vm/kernel/index.ts';
import { isLocked } from '../../vm/kernel/process/lock.ts';

/**
 * What a cache is made of, in the order in which it is cleared: what took least to make goes first. `leftovers` are what
 * killed processes began.
 */
export const kinds = [
  'leftovers',
  'logs',
  'debug files',
  'suites',
  'kernels',
  'base kernels',
  'work trees',
  'checks',
  'trees',
] as const;
export type Kind = (typeof kinds)[number];

/** One thing in the cache that can be removed by itself. */
export interface Entry {
  readonly kind: Kind;
  /** For people: a tree's id, a kernel's label with its tree and profile. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  /** A living process uses it. */
  readonly inUse: boolean;
}

/** These keep their directory and its lock for ever. */
const locked: readonly Kind[] = ['work trees', 'checks'];
const EMPTY_BYTES = 8192;

type Found = Omit<Entry, 'bytes'>;

/** Everything in the cache that can be cleared. Files that two entries share count for the tree that they are of. */
export async function cacheEntries(signal?: AbortSignal): Promise<Entry[]> {
  const found = (
    await Promise.all([
      entriesOf('trees', 'trees', tree),
      entriesOf('kernels', 'kernels', kernelsNamed(await storedKernels())),
      entriesOf('work', 'work trees', workTree),
      entriesOf('suites', 'suites', usedToday),
      entriesOf('debug', 'debug files', usedToday),
      entriesOf('checks', 'checks', workTree),
      entriesOf('build-logs', 'logs', usedToday),
      entriesOf('downloads', 'logs', usedToday),
    ])
  ).flat();
  const bytes = await sizes(
    found.map((entry) => entry.path),
    signal,
  );
  return found
    .map((entry, index) => ({ ...entry, bytes: bytes[index] ?? 0 }))
    .filter(({ kind, bytes: size }) => !(locked.includes(kind) && size <= EMPTY_BYTES));
}

/** What is said of an entry beside its kind and path. */
type Description = Pick<Found, 'name' | 'inUse'> & { readonly usedAt?: number; readonly kind?: Kind };
type Describe = (place: string, name: string) => Promise<Description> | Description;

async function entriesOf(directory: string, kind: Kind, describe: Describe): Promise<Found[]> {
  const root = await cacheDir(directory);
  const names = (await readdir(root)).filter((name) => !name.endsWith('.lock'));
  return await Promise.all(
    names.map(async (name): Promise<Found> => {
      const place = path.join(root, name);
      const usedAt = (await stat(place).catch(() => undefined))?.mtimeMs ?? 0;
      if (name.startsWith('.'))
        return { kind: 'leftovers', name, path: place, usedAt, inUse: ofTheLiving(name, usedAt) };
      return { kind, path: place, usedAt, ...(await describe(place, name)) };
    }),
  );
}

const DAY_MS = 24 * 3600 * 1000;

/** `.HASH.PID.tmp`, or, where no process is named, what may be written to right now. */
function ofTheLiving(name: string, usedAt: number): boolean {
  const pid = Number(/\.(\d+)\.tmp$/.exec(name)?.[1] ?? Number.NaN);
  return Number.isNaN(pid) ? Date.now() - usedAt < DAY_MS : isRunning(pid);
}

const tree: Describe = async (place, name) => ({ name, inUse: await hasUsers(place) });

const kernelsNamed =
  (kernels: readonly StoredKernel[]): Describe =>
  async (place, name) => {
    const kernel = kernels.find(({ dir }) => dir === place);
    const words = kernel ? `${kernel.label} on ${kernel.tree.id}, ${kernel.profile}` : 'damaged';
    const kind = kernel?.label === 'base' ? 'base kernels' : 'kernels';
    return { kind, name: `${name.slice(0, 12)} (${words})`, inUse: await hasUsers(place) };
  };

/** Its lock is taken when it is used, and says when. */
const workTree: Describe = async (place, name) => {
  const lock = path.join(place, 'lock');
  const usedAt = (await stat(lock).catch(() => undefined))?.mtimeMs ?? 0;
  return { name, usedAt, inUse: await isLocked(lock) };
};

/** Nobody says who uses it: a day is longer than a run. */
const usedToday: Describe = async (place, name) => {
  const usedAt = (await stat(place).catch(() => undefined))?.mtimeMs ?? 0;
  return { name, inUse: Date.now() - usedAt < DAY_MS };
};

/** Bytes on disk. du(1) counts an inode once, for the first of the places that have it. */
async function sizes(places: readonly string[], signal?: AbortSignal): Promise<number[]> {
  if (places.length === 0) return [];
  const { stdout } = await capture(['du', '--summarize', '--block-size=1', '--', ...places], { signal });
  const known = new Map(
    stdout.split('\n').map((line): [string, number] => {
      const [bytes = '', place = ''] = line.split('\t');
      return [place, Number(bytes)];
    }),
  );
  return places.map((place) => known.get(place) ?? 0);
}
