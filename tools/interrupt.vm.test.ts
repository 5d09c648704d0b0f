import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baseKernel } from '../vm/kernel/testing.ts';

const program = fileURLToPath(new URL('ringtrial.ts', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-interrupt-'));

beforeAll(async () => void (await baseKernel()));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** QEMUs whose working directory lies below a run directory: those of that run, whoever is their parent now. */
const qemusOf = (run: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/exe`).includes('qemu') &&
          readlinkSync(`/proc/${pid}/cwd`).startsWith(run)
        );
      } catch {
        return false;
      }
    })
    .map(Number);

interface Trial {
  readonly child: ChildProcess;
  readonly run: string;
  readonly stderr: () => string;
  readonly exited: Promise<number | null>;
}

/** A trial of base, on its way until its first guest runs tests. */
async function startTrial(name: string): Promise<Trial> {
  const run = path.join(scratch, name);
  const child = spawn(process.execPath, [program, 'evaluate', 'base', '--repeat', '50', '--out', run], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  // A signal that comes when the process has taken down its handlers ends it as a shell would say it.
  const exited = new Promise<number | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))),
  );
  await until(() => stderr.includes('guest-1 booted') || child.exitCode !== null, 120_000);
  expect(child.exitCode, stderr).toBeNull();
  expect(qemusOf(run).length).toBeGreaterThan(0);
  return { child, run, stderr: () => stderr, exited };
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const evidenceIsThere = (run: string): void => {
  expect(
    readFileSync(path.join(run, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object).length,
  ).toBeGreaterThan(2);
  expect(statSync(path.join(run, 'base', 'guest-1', 'console.log')).mode & 0o077).toBe(0);
  expect(statSync(run).mode & 0o777).toBe(0o700);
  expect(existsSync(path.join(run, 'base', 'guest-1', 'initrd'))).toBe(false);
};

describe('a trial that is stopped', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it in order: exit %i, evidence kept, nothing left running', async (signal, code) => {
    const trial = await startTrial(signal);
    trial.child.kill(signal);
    expect(await trial.exited).toBe(code);
    expect(trial.stderr()).toContain(`stopped by ${signal}`);
    expect(qemusOf(trial.run)).toEqual([]);
    evidenceIsThere(trial.run);
  });

  test('SIGINT twice ends it at once, and the guests with it', async () => {
    const trial = await startTrial('twice');
    trial.child.kill('SIGINT');
    await until(() => trial.stderr().includes('once more'), 10_000).catch(() => {});
    trial.child.kill('SIGINT');
    expect(await trial.exited).toBe(130);
    await until(() => qemusOf(trial.run).length === 0, 5_000);
    evidenceIsThere(trial.run);
  });

  test('kill -9 leaves no guest and no half-written verdict, and the next run is clean', async () => {
    const trial = await startTrial('killed');
    trial.child.kill('SIGKILL');
    await trial.exited;
    await until(() => qemusOf(trial.run).length === 0, 5_000);
    evidenceIsThere(trial.run);
    expect(existsSync(path.join(trial.run, 'verdict.json'))).toBe(false);
    const next = await startTrial('after-kill');
    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(143);
    expect(qemusOf(next.run)).toEqual([]);
  });
});

describe('a disk that is full', () => {
  // Mounting a small file system takes root, which continuous integration is.
  test.runIf(process.getuid?.() === 0)(
    'leaves no pass without evidence, a clear word, and nothing running',
    async () => {
      const disk = path.join(scratch, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
      try {
        const run = path.join(disk, 'run');
        const args = [program, 'evaluate', 'base', '--only', 'thread-steps', '--json', '--out', run];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, {
          encoding: 'utf8',
          timeout: 300_000,
        });
        expect(status, stderr).toBe(3);
        expect(stderr).toMatch(/ENOSPC|disk is full|no space/i);
        if (stdout !== '') expect(JSON.parse(stdout)).toMatchObject({ verdict: 'inconclusive' });
        expect(readFileSync(path.join(run, 'events.ndjson'), 'utf8')).toContain('"type":"started"');
        expect(qemusOf(run)).toEqual([]);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});
