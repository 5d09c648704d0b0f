import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../ringtrial.ts', import.meta.url));
let root = '';
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringtrial-suite-verb-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const ringtrial = (...args: string[]) =>
  execa(process.execPath, [program, ...args], {
    cwd: root,
    reject: false,
    env: { XDG_CACHE_HOME: path.join(root, 'cache'), COLUMNS: '100' },
  });

describe('ringtrial suite', () => {
  test('lists what --suite takes', async () => {
    const { stdout } = await ringtrial('suite');
    expect(stdout).toMatch(/^fixed-buffers +\d+ +Fixed buffers$/m);
    expect(stdout).toMatch(/^liburing:fixed +liburing's own tests, part fixed$/m);
  });

  test('explains the programs of a suite, for people and for programs', async () => {
    const { stdout } = await ringtrial('suite', '--explain');
    expect(stdout.split('\n')[0]).toMatch(/^scenario +invariants +designs it tells\b.* operations +kernels$/);
    const { stdout: json } = await ringtrial('suite', 'fixed-buffers', '--explain', '--json');
    expect(JSON.parse(json)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ scenario: 'thread-steps', kernels: expect.any(String) }),
      ]),
    );
  });

  test('tells the policy that speaks for a kernel', async () => {
    const { stdout } = await ringtrial('suite', '--policy', '--kernel', '6.1');
    expect(stdout).toMatch(/^late-tag: last_tag_ms is at most 1500$/m);
    expect(stdout).not.toContain('prompt-tag');
    const { stdout: json } = await ringtrial('suite', 'liburing', '--policy', '--json');
    expect(JSON.parse(json)).toEqual({ failuresOfBase: 'known', entries: [] });
  });

  test('says what there is to explain', async () => {
    const { exitCode, stderr } = await ringtrial('suite', 'liburing:fixed', '--explain');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('is written by others');
  });

  test('lists the points of a test that was just made', async () => {
    const made = await ringtrial('new-test', 'my-race', '--in', 'mine');
    expect(made.stdout).toContain('mine/my-race.c: it compiles and passes as it is');
    expect(made.stdout).toContain('ringtrial evaluate base --suite ./mine ');
    const { stdout } = await ringtrial('suite', './mine');
    expect(stdout).toMatch(/^1 program +2 test points$/m);
    expect(stdout).toMatch(/^ {2}\.read-in-flight +a fixed read waits for its pipe/m);
    const again = await ringtrial('new-test', 'my-race', '--in', 'mine');
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('nothing was written');
  });
});
