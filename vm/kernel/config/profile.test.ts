import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidProfileError, UnknownProfileError } from '../errors.ts';
import { mergeFragments } from './fragments.ts';
import { loadProfile, profileNames } from './profile.ts';

describe('the profiles that come with the program', () => {
  test('can be read, for every kernel era', async () => {
    const names = await profileNames();
    expect(names).toContain('lockdep');
    for (const name of names) {
      const profile = await loadProfile(name);
      for (const version of ['5.10.262', '6.1.192', '6.12.117', '7.2.13']) {
        expect(mergeFragments(profile.fragments, version).get('CONFIG_IO_URING')).toBe('y');
      }
    }
  });

  test('lockdep proves locking and has a size', async () => {
    const profile = await loadProfile('lockdep');
    expect(mergeFragments(profile.fragments, '6.1').get('CONFIG_PROVE_LOCKING')).toBe('y');
    expect(profile.memoryMiB).toBeGreaterThanOrEqual(256);
    expect(profile.vcpus).toBeGreaterThanOrEqual(2);
  });
});

describe('loadProfile', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'profiles-'));
    const good = { description: 'x', fragments: ['a.config'], memoryMiB: 256, vcpus: 1 };
    await writeFile(path.join(dir, 'a.config'), 'CONFIG_A=y\n');
    await writeFile(path.join(dir, 'good.json'), JSON.stringify(good));
    await writeFile(path.join(dir, 'typo.json'), JSON.stringify({ ...good, memoryMib: 1 }));
    await writeFile(path.join(dir, 'outside.json'), JSON.stringify({ ...good, fragments: ['../a.config'] }));
    await writeFile(path.join(dir, 'missing.json'), JSON.stringify({ ...good, fragments: ['b.config'] }));
    await writeFile(path.join(dir, 'broken.json'), '{');
  });
  afterAll(() => rm(dir, { recursive: true }));

  test('reads fragments and fills in defaults', async () => {
    expect(await loadProfile('good', dir)).toEqual({
      name: 'good',
      description: 'x',
      fragments: [{ name: 'a.config', text: 'CONFIG_A=y\n' }],
      commandLine: '',
      memoryMiB: 256,
      vcpus: 1,
    });
  });

  test('an unknown name gets the nearest one', async () => {
    await expect(loadProfile('lockdp')).rejects.toThrow(UnknownProfileError);
    await expect(loadProfile('lockdp')).rejects.toThrow("Did you mean 'lockdep'?");
  });

  test.each([
    ['typo', 'memoryMib'],
    ['outside', 'fragments'],
    ['missing', 'b.config'],
    ['broken', 'broken.json is not JSON'],
  ])('%s.json is an error that names %s', async (name, what) => {
    await expect(loadProfile(name, dir)).rejects.toThrow(InvalidProfileError);
    await expect(loadProfile(name, dir)).rejects.toThrow(what);
  });
});
