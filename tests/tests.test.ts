import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

const here = fileURLToPath(new URL('.', import.meta.url));
const suiteSchema = z.strictObject({
  title: z.string().min(1),
  description: z.string().min(1),
  programs: z.array(
    z.strictObject({
      name: z.string(),
      source: z.string(),
      deadlineSeconds: z.number(),
      summary: z.string().min(1),
      invariants: z.array(z.string()).min(1),
      distinguishes: z.array(z.string()),
      operations: z.array(z.string()).min(1),
      kernels: z.string().min(1),
    }),
  ),
});

const suite = suiteSchema.parse(
  JSON.parse(await readFile(path.join(here, 'fixed-buffers', 'suite.json'), 'utf8')),
);
const names = suite.programs.map((program) => program.name);
let out = '';

const make = (...options: string[]) => execa('make', ['-C', here, ...options], { reject: false, all: true });
const run = (program: string, ...options: string[]) =>
  execa(path.join(out, program), options, { reject: false, timeout: 60_000 });

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'ringtrial-tests-'));
  for (const name of ['fixed-buffers', 'selftest']) {
    const built = await make('-j2', `OUT=${out}`, `SUITE=${name}`);
    if (built.exitCode !== 0) throw new Error(built.all);
  }
}, 180_000);

afterAll(() => rm(out, { recursive: true, force: true }));

describe('make', () => {
  test('refuses to guess where the programs are to go', async () => {
    const refused = await make();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.all).toContain('OUT is not set');
  });

  test('has nothing to do a second time', async () => {
    expect((await make('-q', `OUT=${out}`)).exitCode).toBe(0);
  });

  test('compiles again what includes a changed header, and nothing else', async () => {
    const planned = await make('-n', `OUT=${out}`, '-W', path.join(here, 'lib', 'stall.h'));
    const compiled = [...planned.all.matchAll(/-c -o \S+\/([a-z-]+)\.o /g)].map((match) => match[1]);
    expect(compiled).toContain('stall');
    expect(compiled).toContain('thread-steps');
    expect(compiled).not.toContain('pattern');
  });

  test('takes the programs of a directory anywhere', async () => {
    const suite = path.join(out, 'elsewhere');
    await mkdir(suite);
    await writeFile(
      path.join(suite, 'mine.c'),
      '#include <stdio.h>\n#include "point.h"\nint main(void) { puts(text("%d", 42)); }\n',
    );
    const built = await make(`OUT=${out}`, `SUITE=${suite}`);
    expect(built.exitCode, built.all).toBe(0);
    expect((await run('mine')).stdout).toBe('42');
  });
});

describe('suite.json of fixed-buffers', () => {
  test('describes each program that is there, once', async () => {
    const sources = (await readdir(path.join(here, 'fixed-buffers'))).filter((file) => file.endsWith('.c'));
    expect(suite.programs.map((program) => program.source).toSorted()).toEqual(sources.toSorted());
    for (const program of suite.programs) expect(program.source).toBe(`${program.name}.c`);
  });

  test('allows each program longer than the program allows itself', async () => {
    const own = /#define PROGRAM_MS scaled_ms\((\d+)u\)/.exec(
      await readFile(path.join(here, 'lib', 'clock.h'), 'utf8'),
    );
    for (const program of suite.programs)
      expect(program.deadlineSeconds * 1000).toBeGreaterThan(Number(own?.[1]));
  });
});

describe.each(names)('%s', (name) => {
  const pointsOf = async (): Promise<string[]> => (await run(name, '--list')).stdout.split('\n');

  test('lists its points: valid names, each once', async () => {
    const points = await pointsOf();
    expect(points.length).toBeGreaterThan(0);
    for (const point of points) expect(point).toMatch(/^[a-z0-9-]+$/);
    expect(new Set(points).size).toBe(points.length);
  });

  test('says what it checks, in the words of suite.json, and names every point', async () => {
    const help = await run(name, '--help');
    const summary = suite.programs.find((program) => program.name === name)?.summary;
    expect(help.exitCode).toBe(0);
    expect(help.stdout.split('\n')[0]).toBe(`${name}: ${summary}`);
    for (const point of await pointsOf()) expect(help.stdout).toContain(`  ${point} `);
  });

  test.each([['--point', 'no-such-point'], ['--rounds', '0'], ['--seed', 'x'], ['--nonsense'], ['argument']])(
    'calls %s %s a wrong call, on stderr',
    async (...options) => {
      const refused = await run(name, ...options);
      expect(refused.exitCode).toBe(2);
      expect(refused.stdout).toBe('');
      expect(refused.stderr).toContain(name);
    },
  );
});

/** The result lines of a KTAP document, and the diagnostics before each of them, by the point's name. */
function readKtap(stdout: string): { results: string[]; before: Map<string, string[]> } {
  const results: string[] = [];
  const before = new Map<string, string[]>();
  let diagnostics: string[] = [];
  for (const line of stdout.split('\n')) {
    const result = /^(?:not )?ok \d+ ([a-z0-9-]+)/.exec(line);
    if (result?.[1]) {
      results.push(line);
      before.set(result[1], diagnostics);
      diagnostics = [];
    } else if (line.startsWith('# ')) diagnostics.push(line);
  }
  return { results, before };
}

describe('the runner', () => {
  test('reports every way in which a point can end, and goes on to the next point', async () => {
    const { stdout, exitCode } = await run('runner', '--seed', '5');
    const { results, before } = readKtap(stdout);
    expect(stdout.split('\n').slice(0, 3)).toEqual(['KTAP version 1', '1..12', '# seed 5']);
    expect(results).toEqual([
      'ok 1 passes',
      'ok 2 disagrees',
      'not ok 3 fails',
      'not ok 4 fails-often',
      'not ok 5 fails-and-breaks',
      'ok 6 skips # SKIP the kernel lacks it',
      'not ok 7 is-broken # ERROR no pipe: 23',
      'not ok 8 crashes',
      'not ok 9 exits',
      'not ok 10 hangs',
      'ok 11 waits',
      'ok 12 describes-bytes',
    ]);
    expect(exitCode).toBe(1);
    expect(before.get('passes')).toContain('# observe agreed=same');
    expect(before.get('disagrees')).toContain('# observe result=-14|full');
    expect(before.get('fails')).toEqual(expect.arrayContaining(['# expected this', '# saw that']));
    expect(before.get('fails')).toContain('# observe still_there=yes');
    expect(before.get('fails-often')).toContain('# 100 failures in all');
    expect(before.get('fails-often')?.filter((line) => line.startsWith('# saw'))).toHaveLength(8);
    expect(before.get('crashes')).toContain('# before the crash');
    expect(before.get('crashes')?.join()).toContain('killed by signal 11');
    expect(before.get('exits')?.join()).toContain('exit with status 3');
    expect(before.get('hangs')).toContain('# expected a call that never returns to return within 300 ms');
    expect(before.get('describes-bytes')?.join()).toContain('(mine #1 at offset 8)');
  });

  test.each([
    ['passes', 0],
    ['skips', 0],
    ['fails', 1],
    ['is-broken', 2],
  ])('exits after %s alone with %i', async (point, expected) => {
    const { stdout, exitCode } = await run('runner', '--point', point);
    expect(exitCode).toBe(expected);
    expect(stdout).toContain('\n1..1\n');
    expect(stdout).toMatch(new RegExp(`\n(not )?ok 1 ${point}`));
  });

  test('draws the same numbers from the same seed, alone or after other points', async () => {
    const drawn = async (...options: string[]): Promise<string | undefined> =>
      /first_number=(\d+)/.exec((await run('runner', ...options)).stdout)?.[1];
    const once = await drawn('--seed', '7', '--point', 'passes');
    expect(once).toBeDefined();
    expect(await drawn('--seed', '7')).toBe(once);
    expect(await drawn('--seed', '8', '--point', 'passes')).not.toBe(once);
  });

  test('gives --rounds to the points', async () => {
    const { stdout } = await run('runner', '--point', 'passes', '--rounds', '23');
    expect(stdout).toContain('# observe rounds=23\n');
  });

  test('takes the process of a point with it when it is told to go', async () => {
    const running = execa(path.join(out, 'runner'), ['--point', 'waits', '--rounds', '2'], { reject: false });
    await new Promise((resolve) =>
      running.stdout.on('data', (chunk: Buffer) => chunk.includes('# pid') && resolve(0)),
    );
    running.kill('SIGTERM');
    const { stdout, exitCode } = await running;
    const pid = /# pid (\d+)/.exec(stdout)?.[1];
    expect(exitCode).toBe(128 + 15);
    await expect(readFile(`/proc/${pid}/status`, 'utf8')).rejects.toThrow('ENOENT');
  });
});
