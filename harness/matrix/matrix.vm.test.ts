import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseKernel } from '../../vm/kernel/testing.ts';
import { historyOf } from '../ledger/history.ts';
import { loadRun } from '../load-run.ts';
import { type MatrixDocument, matrixSchema } from './document.ts';

const program = fileURLToPath(new URL('../../tools/ringtrial.ts', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-matrix-'));
const root = path.join(scratch, 'm');
// The ledger that it fills is this test's own.
const env = { ...process.env, XDG_STATE_HOME: path.join(scratch, 'state'), NO_COLOR: '1' };

beforeAll(async () => {
  await baseKernel();
  const header = 'diff --git a/io_uring/nop.c b/io_uring/nop.c\n--- a/io_uring/nop.c\n+++ b/io_uring/nop.c\n';
  writeFileSync(path.join(scratch, 'stale.patch'), `${header}@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n`);
  writeFileSync(
    path.join(scratch, 'nightly.ts'),
    `const candidates: unknown[] = ['./stale.patch', 'base', { candidate: 'base', name: 'again' }];
     export default { candidates, only: ['memory-returned'] };`,
  );
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [program, 'matrix', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });

const document = (): MatrixDocument =>
  matrixSchema.parse(JSON.parse(readFileSync(path.join(root, 'matrix.json'), 'utf8')));

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 300_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a trial's guests run. */
const testing = (trial: string): boolean => {
  try {
    return readFileSync(path.join(root, 'trials', trial, 'events.ndjson'), 'utf8').includes(
      '"state":"running"',
    );
  } catch {
    return false;
  }
};

const at = (name: string): string => `${name}@debian-6.1-lockdep-fixed-buffers`;

test('killed in the midst of a trial, a matrix goes on with exactly what is missing', async () => {
  const first = start(path.join(scratch, 'nightly.ts'), '--out', root);
  const ended = new Promise((resolve) => first.once('exit', resolve));
  await until(() => testing(at('again')));
  const other = spawnSync(process.execPath, [program, 'matrix', '--resume', root], { env, encoding: 'utf8' });
  expect(other.status).toBe(2);
  expect(other.stderr).toMatch(new RegExp(`belongs to process ${first.pid} .*since 20`));
  first.kill('SIGKILL');
  await ended;
  expect(document().trials.map(({ verdict }) => verdict)).toEqual(['missing', 'accepted', 'missing']);
  const verdict = path.join(root, 'trials', at('base'), 'verdict.json');
  const before = statSync(verdict);

  const second = start('--resume', root);
  expect(await new Promise((resolve) => second.once('exit', resolve))).toBe(3);
  const { summary, trials } = document();
  expect(summary).toBe('3 trials: 1 missing, 2 accepted');
  expect(trials[0]?.summary).toMatch(/stale.patch.*does not apply/);
  // What was finished was not done again, and of what was not there is everything that it left.
  expect(statSync(verdict).mtimeMs).toBe(before.mtimeMs);
  expect(readdirSync(path.join(root, 'trials')).filter((name) => name.includes('again'))).toEqual([
    at('again'),
    `${at('again')}.interrupted-1`,
  ]);
  expect(readdirSync(path.join(root, 'bases'))).toHaveLength(1);
  const { trials: loaded } = await loadRun(root);
  const console = path.join(loaded[2]?.directory ?? '', 'base', 'guest-1', 'console.log');
  expect(readFileSync(console, 'latin1')).toContain('ringtrial: end of');
  const ledger = path.join(scratch, 'state', 'ringtrial', 'ledger.sqlite');
  const [name = ''] = loaded[2]?.verdict?.tests.map((each) => each.name) ?? [];
  expect(historyOf({ tests: [name] }, ledger).tests[name]?.map(({ status }) => status)).toEqual(
    Array(4).fill('PASS'),
  );
});
