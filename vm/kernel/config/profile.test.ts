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

  const optionsOf = async (name: string, version: string): Promise<ReadonlyMap<string, string>> =>
    mergeFragments((await loadProfile(name)).fragments, version);

  test('kasan and kcsan have their detector, exclude each other, and take their time', async () => {
    const kasan = await optionsOf('kasan', '6.1.192');
    const kcsan = await optionsOf('kcsan', '6.1.192');
    expect([kasan.get('CONFIG_KASAN'), kasan.get('CONFIG_KCSAN')]).toEqual(['y', undefined]);
    expect([kcsan.get('CONFIG_KASAN'), kcsan.get('CONFIG_KCSAN')]).toEqual([undefined, 'y']);
    expect((await loadProfile('kasan')).commandLine).toContain('kasan_multi_shot');
    for (const name of ['kasan', 'kcsan']) expect((await loadProfile(name)).timeScale).toBeGreaterThan(1);
  });

  test('bare has watchdogs and no other debugging', async () => {
    const bare = await optionsOf('bare', '6.1.192');
    expect(bare.get('CONFIG_DETECT_HUNG_TASK')).toBe('y');
    for (const option of ['PROVE_LOCKING', 'KASAN', 'KCSAN', 'GCOV_KERNEL', 'DEBUG_VM']) {
      expect(bare.has(`CONFIG_${option}`)).toBe(false);
    }
  });

  test('coverage counts io_uring alone where the kernel can', async () => {
    const counted = async (version: string) => {
      const options = await optionsOf('coverage', version);
      return [options.get('CONFIG_GCOV_PROFILE_ALL'), options.get('CONFIG_GCOV_PROFILE_URING')];
    };
    expect(await counted('7.2.13')).toEqual(['n', 'y']);
    expect(await counted('6.12.117')).toEqual(['n', undefined]);
    expect((await loadProfile('coverage')).makeVariables).toMatchObject({ 'GCOV_PROFILE_rsrc.o': 'y' });
  });
});

describe('loadProfile', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'profiles-'));
    const good = { description: 'x', fragments: ['a.config'], memoryMiB: 256, vcpus: 1 };
    await writeFile(path.join(dir, 'a.config'), 'CONFIG_A=y\n');
    await writeFile(path.join(dir, 'good.json'), JSON.stringify(good));
    await writeFile(path.join(dir, 'slow.json'), JSON.stringify({ ...good, timeScale: 2.5 }));
    await writeFile(
      path.join(dir, 'wild.json'),
      JSON.stringify({ ...good, makeVariables: { CC: '/tmp/evil' } }),
    );
    await writeFile(path.join(dir, 'hasty.json'), JSON.stringify({ ...good, timeScale: 0 }));
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
      timeScale: 1,
      judges: true,
      makeVariables: {},
    });
  });

  test('a profile that is slower says how much', async () => {
    await expect(loadProfile('slow', dir)).resolves.toMatchObject({ timeScale: 2.5 });
    await expect(loadProfile('hasty', dir)).rejects.toThrow('timeScale');
  });

  test('an unknown name gets the nearest one', async () => {
    await expect(loadProfile('lockdp')).rejects.toThrow(UnknownProfileError);
    await expect(loadProfile('lockdp')).rejects.toThrow("Did you mean 'lockdep'?");
  });

  test.each([
    ['typo', 'memoryMib'],
    ['outside', 'fragments'],
    ['missing', 'b.config'],
    ['wild', 'makeVariables'],
    ['broken', 'broken.json is not JSON'],
  ])('%s.json is an error that names %s', async (name, what) => {
    await expect(loadProfile(name, dir)).rejects.toThrow(InvalidProfileError);
    await expect(loadProfile(name, dir)).rejects.toThrow(what);
  });
});
