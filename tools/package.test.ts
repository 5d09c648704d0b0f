import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { everyStatus } from '../harness/output/fixtures.ts';

const root = path.join(import.meta.dirname, '..');
// The launcher takes the Node that it finds first, when that is new enough.
const env = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' };
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

let place: string;
const run = (program: string, ...args: string[]) => execa(program, args, { cwd: place, env, reject: false });
const ringtrial = (...args: string[]) => run('npx', '--no-install', 'ringtrial', ...args);

// As a user does it: the package is built and packed, and installed where there is nothing else.
beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'ringtrial-package-'));
  await execa('npm', ['run', 'build'], { cwd: root, env });
  await execa('npm', ['pack', ...quiet, '--pack-destination', place], { cwd: root, env });
  await writeFile(path.join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await execa('npm', ['install', ...quiet, `./ringtrial-${version}.tgz`], { cwd: place, env });
}, 600_000);
afterAll(() => rm(place, { recursive: true, force: true }));

test('nothing runs when it is installed, and publint has no complaint', async () => {
  const pkgDir = path.join(place, 'node_modules', 'ringtrial');
  const { messages, pkg } = await publint({ pkgDir, strict: true, pack: false });
  expect(messages).toEqual([]);
  expect(Object.keys(pkg?.['scripts'] ?? {})).not.toContain(expect.stringMatching(/install$|^prepare$/));
});

test('the command line works, with all that is no TypeScript', { timeout: 120_000 }, async () => {
  const [help, candidates, suites, own] = await Promise.all([
    ringtrial('--help'),
    ringtrial('candidates'),
    ringtrial('suite', '--json'),
    ringtrial('test'),
  ]);
  expect(help.stdout).toMatch(/^Usage: ringtrial/);
  expect(candidates.stdout).toContain('2-lookup-under-uring-lock');
  expect(JSON.parse(suites.stdout).length).toBeGreaterThan(2);
  expect(own).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('clone') });
});

test('a run becomes a page, which needs nothing that only a clone has', { timeout: 120_000 }, async () => {
  await mkdir(path.join(place, 'run'));
  await writeFile(path.join(place, 'run', 'verdict.json'), JSON.stringify(everyStatus()));
  const { stdout, stderr } = await ringtrial('report', 'run', '--format', 'html');
  expect(stderr).toBe('');
  expect(stdout.slice(0, 4000)).toContain('<title>mine: rejected: fails.x fails with the patch');
  // The page was built for readers, not for its developers.
  expect(stdout.includes(root)).toBe(false);
});

const log = `[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2
[    1.000100] ---[ end trace 0000000000000000 ]---
`;

const script = `
import { boot, evaluate, RingtrialError, triage, type Verdict } from 'ringtrial';

const { reports } = await triage(${JSON.stringify(log)});
console.log(reports.map((report) => report.title).join());
await boot({ kernel: 'ffff' }).catch((error: unknown) => {
  console.log(error instanceof RingtrialError && error.code);
});

export async function trial(signal: AbortSignal): Promise<Verdict['verdict']> {
  await using guest = await boot({ signal });
  const { exitCode, stdout } = await guest.exec('uname -r');
  if (exitCode !== 0) throw new Error(stdout);
  return (await evaluate({ patch: 'base', tree: 'debian:6.1', signal })).verdict;
}
`;

test('a log is triaged, by the command and by a script whose types are checked', {
  timeout: 120_000,
}, async () => {
  await Promise.all([
    writeFile(path.join(place, 'console.log'), log),
    writeFile(path.join(place, 'script.ts'), script),
  ]);
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
  const [told, plain, own, types] = await Promise.all([
    ringtrial('triage', 'console.log'),
    run('node', 'script.ts'),
    ringtrial('script', 'script.ts'),
    run(tsc, ...options, '--lib', 'es2025,esnext.disposable', '--types', 'node', 'script.ts'),
  ]);
  expect(told.stdout).toContain('1 warning  WARNING in f at a.c');
  expect(plain.stdout).toBe('WARNING in f at a.c\nUNKNOWN_KERNEL');
  expect(own.stdout).toBe(plain.stdout);
  expect(types.stdout).toBe('');
});
