import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { onceInCache } from './built.ts';

let cache = '';
const cacheBefore = process.env['XDG_CACHE_HOME'];
beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'ringtrial-built-'));
  process.env['XDG_CACHE_HOME'] = cache;
});
afterEach(async () => {
  await rm(cache, { recursive: true, force: true });
  if (cacheBefore === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheBefore;
});

const fill = (directory: string): Promise<void> => writeFile(path.join(directory, 'program'), '');
const names = async (): Promise<string[]> =>
  (await readdir(path.join(cache, 'ringtrial', 'suites'))).toSorted();

describe('built programs', () => {
  test('are made once', async () => {
    let times = 0;
    const count = async (directory: string): Promise<void> => {
      times++;
      await fill(directory);
    };
    const first = await onceInCache('mine-0001', count);
    expect(await onceInCache('mine-0001', count)).toBe(first);
    expect([times, await readdir(first)]).toEqual([1, ['program']]);
  });

  test('are there whole or not at all', async () => {
    await expect(
      onceInCache('mine-0001', async (directory) => {
        await fill(directory);
        throw new Error('no compiler');
      }),
    ).rejects.toThrow('no compiler');
    expect(await names()).toEqual([]);
  });

  test('are made by two at the same time, for both', async () => {
    const both = await Promise.all([onceInCache('mine-0001', fill), onceInCache('mine-0001', fill)]);
    expect(new Set(both).size).toBe(1);
    expect(await names()).toEqual(['mine-0001']);
  });

  test('make room when nobody has used them for long, and there are newer ones', async () => {
    const ago = (hours: number): Date => new Date(Date.now() - hours * 3600 * 1000);
    const made = async (key: string, hours: number): Promise<void> => {
      const directory = await onceInCache(key, fill);
      await utimes(directory, ago(hours), ago(hours));
    };
    for (let index = 0; index < 9; index++) await made(`mine-${index}`, 48 - index);
    await made('mine-to-be-kept-0', 100);
    await made('mine-recent-0', 0.5);
    await onceInCache('mine-new', fill);
    // The two oldest of ten go; another suite's name only begins the same way.
    expect(await names()).toEqual([
      ...[2, 3, 4, 5, 6, 7, 8].map((index) => `mine-${index}`),
      'mine-new',
      'mine-recent-0',
      'mine-to-be-kept-0',
    ]);
    for (let index = 10; index < 20; index++) await onceInCache(`mine-${index}`, fill);
    // All of these are in use.
    expect((await names()).filter((name) => /^mine-(1\d|new)$/.test(name))).toHaveLength(11);
  });
});
