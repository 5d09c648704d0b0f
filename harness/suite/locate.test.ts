import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SuiteError } from './errors.ts';
import { findSuite, suiteNames } from './locate.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringtrial-suites-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const good = {
  title: 'Mine',
  description: 'One program.',
  programs: [{ name: 'race', source: 'race.c', summary: 'a race' }],
};

let made = 0;
/** A directory with this suite.json (text or an object) and these empty files. */
async function directoryWith(suite: unknown, files: readonly string[] = ['race.c']): Promise<string> {
  const directory = path.join(root, `suite-${++made}`);
  await mkdir(directory);
  if (suite !== undefined)
    await writeFile(
      path.join(directory, 'suite.json'),
      typeof suite === 'string' ? suite : JSON.stringify(suite),
    );
  for (const file of files) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), '');
  }
  return directory;
}

const withProgram = (over: object): object => ({ ...good, programs: [{ ...good.programs[0], ...over }] });

async function complaint(wanted: string): Promise<string> {
  const error = await findSuite(wanted).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SuiteError);
  return (error as SuiteError).message;
}

describe('a directory with a suite.json', () => {
  test('is a suite, named as the directory, with what it does not say', async () => {
    const directory = await directoryWith(good);
    const found = await findSuite(directory);
    expect(found).toMatchObject({ kind: 'programs', name: path.basename(directory), shipped: false });
    expect(found.kind === 'programs' && found.description.programs).toEqual([
      { ...good.programs[0], source: ['race.c'], deadlineSeconds: 40, invariants: [], distinguishes: [] },
    ]);
  });

  test('is found through a link, by a relative path, and as the directory at hand', async () => {
    const directory = await directoryWith(good);
    await symlink(directory, path.join(root, 'link'));
    expect((await findSuite(path.join(root, 'link'))).directory).toBe(directory);
    expect((await findSuite(path.relative('.', directory))).directory).toBe(directory);
    const before = process.cwd();
    try {
      process.chdir(directory);
      expect((await findSuite('.')).directory).toBe(directory);
      process.chdir(root);
      expect((await findSuite(path.basename(directory))).directory).toBe(directory);
    } finally {
      process.chdir(before);
    }
  });

  test('may have sources in directories of their own, and several for one program', async () => {
    const program = {
      source: ['race.c', 'lib/clock.c'],
      protocol: 'exit-code',
      operations: ['READ_FIXED'],
      kernels: '>=5.13',
    };
    const directory = await directoryWith(withProgram(program), ['race.c', 'lib/clock.c']);
    expect((await findSuite(directory)).kind).toBe('programs');
  });

  test('has a suite.json', async () => {
    const directory = await directoryWith(undefined);
    expect(await complaint(directory)).toBe(
      `${directory} has no suite.json, so it is no suite; 'ringtrial new-test NAME --in ${directory}' writes one.`,
    );
  });

  test('names sources that exist', async () => {
    const directory = await directoryWith(good, []);
    expect(await complaint(directory)).toBe(
      `Program "race" of ${directory}/suite.json names the source race.c, which does not exist there.`,
    );
  });

  test('does not name a directory as a source', async () => {
    expect(await complaint(await directoryWith(good, ['race.c/inside']))).toContain('does not exist there');
  });

  test.each([
    ['no JSON', '{ "title": ', 'is no JSON'],
    ['no object', '[]', 'is not as it should be'],
    ['an unknown key', { ...good, colour: 'red' }, 'Unrecognized key: "colour"'],
    ['an unknown key of a program', withProgram({ deadline: 3 }), 'Unrecognized key: "deadline"'],
    ['no title', { ...good, title: undefined }, 'title'],
    ['no program', { ...good, programs: [] }, 'a suite has at least one program'],
    [
      'a name twice',
      { ...good, programs: [good.programs[0], good.programs[0]] },
      'there is another program "race"',
    ],
    ['a name that no shell likes', withProgram({ name: 'a race' }), 'lower-case letters, digits, _ and -'],
    ['an absolute source', withProgram({ source: '/etc/race.c' }), 'no absolute path and no ".."'],
    ['a source elsewhere', withProgram({ source: 'lib/../../race.c' }), 'no absolute path and no ".."'],
    ['a source that make would split', withProgram({ source: 'a race.c' }), 'a source is a .c file'],
    ['a source in another language', withProgram({ source: 'race.rs' }), 'a source is a .c file'],
    ['no source', withProgram({ source: [] }), 'source'],
    ['another protocol', withProgram({ protocol: 'tap' }), 'protocol'],
    [
      'points of an exit code',
      withProgram({ protocol: 'exit-code', points: ['one'] }),
      '"points" is for KTAP',
    ],
    ['a deadline that is none', withProgram({ deadlineSeconds: 0 }), 'deadlineSeconds'],
    ['kernels that are none', withProgram({ kernels: 'new' }), 'a range of kernels'],
  ])('is refused with %s', async (_, suite, said) => {
    const directory = await directoryWith(suite);
    const message = await complaint(directory);
    expect(message).toContain(`${directory}/suite.json`);
    expect(message).toContain(said);
  });
});

describe('a name', () => {
  test('is that of a suite that comes with Ringtrial', async () => {
    expect(await suiteNames()).toEqual(expect.arrayContaining(['fixed-buffers', 'liburing']));
    expect(await findSuite('fixed-buffers')).toMatchObject({ name: 'fixed-buffers', shipped: true });
  });

  test('that no suite has leads to the nearest ones', async () => {
    expect(await complaint('fixed-bufers')).toMatch(
      /^There is no suite "fixed-bufers"\. The nearest names: fixed-buffers, .* --suite \.\/DIR\.$/,
    );
  });

  test('with a slash is a directory', async () => {
    expect(await complaint('./nowhere')).toBe('There is no directory ./nowhere, so it is no suite.');
  });

  test('may ask for a part of an external suite', async () => {
    const found = await findSuite('liburing:fixed');
    expect(found).toMatchObject({ kind: 'external', name: 'liburing', group: 'fixed' });
    expect(await complaint('liburing:quick')).toBe(
      'Suite "liburing" has no part "quick". It has: liburing:fixed.',
    );
    expect(await complaint('fixed-buffers:quick')).toBe(
      'Suite "fixed-buffers" has no parts, so no ":quick".',
    );
  });
});
