import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SuiteError } from './errors.ts';
import { loadSuite } from './load.ts';
import { newTest } from './skeleton.ts';

let root = '';
const cacheBefore = process.env['XDG_CACHE_HOME'];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringtrial-new-'));
  process.env['XDG_CACHE_HOME'] = path.join(root, 'cache');
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  if (cacheBefore === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheBefore;
});

const refusal = async (name: string, directory: string): Promise<string> => {
  const error = await newTest(name, directory).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SuiteError);
  return (error as Error).message;
};

describe('a new test', () => {
  test('makes a suite that compiles at once and names its points', async () => {
    const directory = path.join(root, 'mine');
    const made = await newTest('my-race', directory);
    expect(made).toEqual({
      source: path.join(directory, 'my-race.c'),
      suite: path.join(directory, 'suite.json'),
      suiteIsNew: true,
    });
    const suite = await loadSuite(directory);
    expect(suite.title).toBe('mine');
    expect(suite.programs.map(({ name, points }) => [name, points])).toEqual([
      ['my-race', ['read-at-once', 'read-in-flight']],
    ]);
    const { stdout } = await execa(suite.programs[0]?.path ?? '', ['--help']);
    expect(stdout).toContain('my-race: a fixed read while its buffer is unregistered');
    expect(stdout).not.toContain('@NAME@');
  });

  test('is entered into the suite.json that is there, and leaves the rest of it alone', async () => {
    const directory = path.join(root, 'two');
    await newTest('one', directory);
    const file = path.join(directory, 'suite.json');
    const before = JSON.parse(await readFile(file, 'utf8')) as { title: string; programs: object[] };
    await writeFile(
      file,
      JSON.stringify({
        ...before,
        title: 'Changed',
        programs: [{ name: 'one', source: 'one.c', summary: 's' }],
      }),
    );
    expect((await newTest('two', directory)).suiteIsNew).toBe(false);
    const after = JSON.parse(await readFile(file, 'utf8')) as { title: string; programs: object[] };
    expect(after.title).toBe('Changed');
    expect(after.programs[0]).toEqual({ name: 'one', source: 'one.c', summary: 's' });
    expect(after.programs[1]).toMatchObject({ name: 'two', source: 'two.c' });
  });

  test('overwrites nothing', async () => {
    const directory = path.join(root, 'kept');
    await newTest('mine', directory);
    const suite = await readFile(path.join(directory, 'suite.json'), 'utf8');
    expect(await refusal('mine', directory)).toContain('has a program "mine" already; nothing was written');
    await writeFile(path.join(directory, 'other.c'), 'mine');
    expect(await refusal('other', directory)).toBe(`${directory}/other.c exists; nothing was written.`);
    expect(await readFile(path.join(directory, 'other.c'), 'utf8')).toBe('mine');
    expect(await readFile(path.join(directory, 'suite.json'), 'utf8')).toBe(suite);
  });

  test('writes nothing beside a suite.json that cannot be read', async () => {
    const directory = path.join(root, 'broken');
    await newTest('one', directory);
    await writeFile(path.join(directory, 'suite.json'), '{');
    expect(await refusal('two', directory)).toContain('is no JSON');
    await expect(access(path.join(directory, 'two.c'))).rejects.toThrow('ENOENT');
  });

  test.each(['', 'My-Race', '../mine', 'a b', '-x', '9'])('has a name: %j is none', async (name) => {
    expect(await refusal(name, root)).toContain('is no name for a test');
  });
});
