import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRunning } from '../../../common/process.ts';
import { MissingToolError } from '../errors.ts';
import { lockFile } from './lock.ts';
import { capture, run } from './run.ts';
import { requireTools } from './tools.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'run-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Waits for a condition, at most five seconds. */
async function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    if (await condition()) return true;
    await setTimeout(50);
  }
  return false;
}

const pidIn = (file: string): Promise<number> => readFile(file, 'utf8').then(Number, () => 0);

describe('run', () => {
  test('gives both streams in order, the tail, and the exit code', async () => {
    const lines: string[] = [];
    const result = await run(['sh', '-c', 'echo one; echo two >&2; printf three; exit 3'], {
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(result).toEqual({ exitCode: 3, tail: ['one', 'two', 'three'] });
  });

  test('keeps a bounded tail of a long output', async () => {
    let count = 0;
    const { tail } = await run(['seq', '200000'], { onLine: () => (count += 1) });
    expect(count).toBe(200_000);
    expect(tail.length).toBeLessThan(100);
    expect(tail.at(-1)).toBe('200000');
  });

  test('does not hand on variables that change a build', async () => {
    process.env['KCFLAGS'] = '-O0';
    process.env['MAKEFLAGS'] = '-k';
    const { stdout } = await capture(['env']);
    const { tail } = await run(['env'], { env: { CCACHE_DIR: '/x' } });
    delete process.env['KCFLAGS'];
    delete process.env['MAKEFLAGS'];
    expect(`${stdout}${tail.join('\n')}`).not.toMatch(/KCFLAGS|MAKEFLAGS/);
    expect(tail).toContain('CCACHE_DIR=/x');
    expect(tail).toContain('LC_ALL=C');
  });

  test('an abort ends the whole group and throws its reason', async () => {
    const file = path.join(dir, 'aborted');
    const controller = new AbortController();
    const running = run(['sh', '-c', `sleep 300 & echo $! > ${file}; wait`], { signal: controller.signal });
    expect(await eventually(async () => (await pidIn(file)) > 0)).toBe(true);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    const pid = await pidIn(file);
    expect(await eventually(() => !isRunning(pid))).toBe(true);
  });
});

describe('after kill -9 of this program', () => {
  test('grandchildren are gone, and the lock is free', async () => {
    const [pidFile, lock] = [path.join(dir, 'grandchild'), path.join(dir, 'lock')];
    const child = startHolder(lock, `sh -c 'sleep 300 & echo $! > ${pidFile}; wait'`);
    expect(await eventually(async () => (await pidIn(pidFile)) > 0)).toBe(true);
    const pid = await pidIn(pidFile);
    expect(isRunning(pid)).toBe(true);

    let holder = '';
    const waiting = lockFile(lock, { onWait: (who) => (holder = who) });
    expect(await eventually(() => holder !== '')).toBe(true);
    expect(holder).toContain(`process ${child.pid}`);
    child.kill('SIGKILL');
    await using held = await waiting;
    expect(held.fd).toBeGreaterThan(2);
    expect(await eventually(() => !isRunning(pid))).toBe(true);
  });
});

/** Another process of this program that takes a lock and runs a command under it. */
function startHolder(lock: string, command: string): ChildProcess {
  const script = `
    import { lockFile } from '${import.meta.dirname}/lock.ts';
    import { run } from '${import.meta.dirname}/run.ts';
    await using lock = await lockFile(${JSON.stringify(lock)});
    await run(['sh', '-c', ${JSON.stringify(command)}], { lock });
  `;
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'ignore' });
}

describe('lockFile', () => {
  test('keeps others out of the same process, too, until it is disposed of', async () => {
    const file = path.join(dir, 'order');
    const order: string[] = [];
    const first = await lockFile(file);
    const second = (async () => {
      await using held = await lockFile(file, { onWait: () => order.push('waits') });
      expect(held.fd).toBeGreaterThan(2);
      order.push('second');
    })();
    expect(await eventually(() => order.includes('waits'))).toBe(true);
    order.push('first ends');
    await first[Symbol.asyncDispose]();
    await second;
    expect(order).toEqual(['waits', 'first ends', 'second']);
  });

  test('waiting can be aborted', async () => {
    const file = path.join(dir, 'abort');
    await using held = await lockFile(file);
    expect(held.fd).toBeGreaterThan(2);
    await expect(lockFile(file, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/i);
  });

  test('a file that holds rubbish is still a lock', async () => {
    const file = path.join(dir, 'rubbish');
    await writeFile(file, '{"pid":');
    await using held = await lockFile(file);
    expect(held.fd).toBeGreaterThan(2);
    let holder = '';
    await expect(
      lockFile(file, { signal: AbortSignal.timeout(300), onWait: (who) => (holder = who) }),
    ).rejects.toThrow();
    expect(holder).toContain(`process ${process.pid}`);
  });
});

test('requireTools names what is missing', async () => {
  requireTools(['sh', 'flock'], 'test');
  expect(() => requireTools(['sh', 'no-such-tool-here'], 'test')).toThrow(MissingToolError);
  await expect(capture(['no-such-tool-here'])).rejects.toThrow(/no-such-tool-here is not installed/);
});
