import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noteUser } from '../../common/users.ts';
import { lockFile } from '../../vm/kernel/process/lock.ts';
import { cacheEntries, type Entry, type Kind } from './entries.ts';
import { choose, remove } from './prune.ts';

const DAY_MS = 24 * 3600 * 1000;
const now = Date.now();

const entry = (name: string, kind: Kind, days: number, more: Partial<Entry> = {}): Entry => ({
  ...{ name, kind, path: `/cache/${name}`, bytes: 100, usedAt: now - days * DAY_MS, inUse: false, ...more },
});

describe('what goes', () => {
  const chosen = (entries: Entry[], keepBytes?: number): string[] =>
    choose(entries, { unusedDays: 30, keepBytes }, now).map(
      (pruned) => `${pruned.entry.name}: ${pruned.why}`,
    );

  test('is what nobody has used for long, and what dead processes left', () => {
    expect(
      chosen([
        entry('old-tree', 'trees', 31),
        entry('new', 'kernels', 29),
        entry('old', 'kernels', 40),
        entry('half', 'leftovers', 0),
      ]),
    ).toEqual(['half: its process is gone', 'old: unused for 40 days', 'old-tree: unused for 31 days']);
  });

  test('for room: kernels before what they are built in, the least recently used first, base last', () => {
    const entries = [
      entry('tree', 'trees', 20),
      entry('work', 'work trees', 10),
      entry('base', 'base kernels', 9),
      entry('one', 'kernels', 2),
      entry('two', 'kernels', 5),
    ];
    expect(chosen(entries, 500)).toEqual([]);
    expect(chosen(entries, 350)).toEqual(['two: to make room', 'one: to make room']);
    expect(chosen(entries, 150).at(-1)).toBe('work: to make room');
  });

  test('is never what a living process uses, whatever room is wanted', () => {
    expect(chosen([entry('used', 'kernels', 90, { inUse: true }), entry('free', 'kernels', 1)], 0)).toEqual([
      'free: to make room',
    ]);
  });
});

describe('a cache', () => {
  let root: string;
  let before: string | undefined;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'ringtrial-cache-'));
    before = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = root;
  });
  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
    rmSync(root, { recursive: true });
  });

  /** A directory of the cache with a file in it, last used so many days ago. */
  function place(name: string, days = 40): string {
    const directory = path.join(root, 'ringtrial', name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'content'), 'x'.repeat(20_000));
    const at = (now - days * DAY_MS) / 1000;
    utimesSync(directory, at, at);
    return directory;
  }
  const inUse = async (): Promise<string[]> =>
    (await cacheEntries()).flatMap((one) => (one.inUse ? [path.basename(one.path)] : [])).toSorted();

  test('is told with sizes and ages; a living process is seen, a dead one is not', async () => {
    const mine = place('kernels/aaa');
    place('kernels/bbb');
    place(`kernels/.ccc.${await deadPid()}.tmp`);
    await noteUser(mine);
    const dead = place('trees/t');
    mkdirSync(path.join(dead, 'users'));
    writeFileSync(path.join(dead, 'users', String(await deadPid())), '');
    const entries = await cacheEntries();
    expect(entries.map(({ kind, bytes }) => `${kind} ${bytes > 20_000}`).toSorted()).toEqual([
      'kernels true',
      'kernels true',
      'leftovers true',
      'trees true',
    ]);
    expect(await inUse()).toEqual(['aaa']);
  });

  test('loses what is chosen, and nothing that somebody has begun to use meanwhile', async () => {
    const [gone, used] = [place('kernels/gone'), place('kernels/used')];
    const entries = await cacheEntries();
    await noteUser(used);
    const results = await Promise.all(
      entries.map(async (one) => [path.basename(one.path), await remove(one)]),
    );
    expect(Object.fromEntries(results)).toEqual({ gone: true, used: false });
    expect([existsSync(gone), existsSync(path.join(used, 'content'))]).toEqual([false, true]);
  });

  test('keeps a work tree whose lock is held; of another one only the lock stays', async () => {
    const [held, free] = [place('work/held'), place('work/free')];
    writeFileSync(path.join(free, 'lock'), '');
    {
      await using lock = await lockFile(path.join(held, 'lock'));
      expect(lock.fd).toBeGreaterThan(2);
      expect(await inUse()).toEqual(['held']);
      for (const one of await cacheEntries())
        expect(await remove(one)).toBe(path.basename(one.path) === 'free');
    }
    expect(existsSync(path.join(held, 'content'))).toBe(true);
    expect(readdirSync(free)).toEqual(['lock']);
    expect((await cacheEntries()).map((one) => path.basename(one.path))).toEqual(['held']);
  });
});

async function deadPid(): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}
