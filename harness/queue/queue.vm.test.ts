import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../common/cache.ts';
import { baseKernel } from '../../vm/kernel/testing.ts';
import { loadRun } from '../load-run.ts';
import { matrix } from '../matrix/matrix.ts';
import { openQueue, queues } from './boss.ts';
import { putKernel } from './shared-matrix.ts';
import { ArtefactStore } from './store.ts';
import { startPostgres, type TestPostgres } from './testing-postgres.ts';

const program = fileURLToPath(new URL('../../tools/ringtrial.ts', import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-queue-'));
const store = path.join(scratch, 'store');
let postgres: TestPostgres;
const workers: Worker[] = [];

beforeAll(async () => {
  await putKernel(new ArtefactStore(store), await baseKernel());
  postgres = await startPostgres();
});
afterEach(async () => {
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ ended }) => ended));
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

interface Worker {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly stderr: () => string;
}

/** A worker as on a machine of its own: it has sources and compilers, and neither kernels nor results of others. */
function startWorker(name: string): Worker {
  const cache = path.join(scratch, name, 'cache', 'ringtrial');
  mkdirSync(cache, { recursive: true });
  for (const shared of readdirSync(cacheRoot()))
    if (shared !== 'kernels') symlinkSync(path.join(cacheRoot(), shared), path.join(cache, shared));
  const args = ['worker', '--queue', postgres.url, '--store', store, '--heartbeat', '10'];
  const child = spawn(process.execPath, [program, ...args], {
    env: {
      ...process.env,
      XDG_CACHE_HOME: path.dirname(cache),
      XDG_STATE_HOME: path.join(scratch, name, 'state'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => void (stderr += chunk));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const worker = { name, child, ended, stderr: () => stderr };
  workers.push(worker);
  return worker;
}

/** Guests whose directory is a worker's: what it is in the middle of. */
const guestsOf = ({ name }: Worker): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return (
        readlinkSync(`/proc/${pid}/exe`).includes('qemu') &&
        readlinkSync(`/proc/${pid}/cwd`).startsWith(path.join(scratch, name))
      );
    } catch {
      return false;
    }
  });

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 180_000; !condition(); ) {
    if (Date.now() > deadline)
      throw new Error(`waited in vain for ${what}:\n${workers.map(({ stderr }) => stderr()).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('three workers, two of them killed in the middle of a trial: the matrix is complete, and nothing hangs', async (ctx) => {
  const diff = 'diff --git a/io_uring/nop.c b/io_uring/nop.c\n--- a/io_uring/nop.c\n+++ b/io_uring/nop.c\n';
  writeFileSync(path.join(scratch, 'stale.patch'), `${diff}@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n`);
  const done = matrix({
    matrix: {
      candidates: ['base', { candidate: 'base', name: 'again' }, path.join(scratch, 'stale.patch')],
      only: ['memory-returned'],
    },
    out: path.join(scratch, 'matrix'),
    queue: postgres.url,
    store,
    signal: ctx.signal,
  });
  const [first, second] = [startWorker('first'), startWorker('second')];
  for (let killed = 0; killed < 2; killed++) {
    const victim = await new Promise<Worker>((resolve, reject) => {
      const busy = (): Worker | undefined =>
        [first, second].find((worker) => !worker.child.killed && guestsOf(worker).length > 0);
      until(() => busy() !== undefined, 'a guest').then(() => resolve(busy() ?? first), reject);
    });
    victim.child.kill('SIGKILL');
    await victim.ended;
    if (killed === 0) startWorker('third');
  }
  const { directory, document } = await done;
  expect(document.summary).toBe('3 trials: 1 missing, 2 accepted');
  expect(document.trials[2]?.summary).toMatch(/does not apply/);
  const run = await loadRun(directory);
  expect(run.trials.map(({ verdict }) => verdict?.verdict)).toEqual(['accepted', 'accepted', undefined]);
  const console = path.join(run.trials[0]?.directory ?? '', 'base', 'guest-1', 'console.log');
  expect(readFileSync(console, 'latin1')).toContain('ringtrial: end of');
  await until(
    () => [first, second].every((worker) => guestsOf(worker).length === 0),
    'the guests of the killed to end',
  );
});

test('what no worker can do is missing with the reason, and nothing waits for ever', async (ctx) => {
  const state = { ended: false };
  const done = matrix({
    matrix: { candidates: ['base'] },
    out: path.join(scratch, 'hopeless'),
    queue: postgres.url,
    store,
    signal: ctx.signal,
  }).finally(() => void (state.ended = true));
  await using queue = await openQueue({ queue: postgres.url, heartbeatSeconds: 10, onNotice: () => {} });
  while (!state.ended) {
    const [job] = await queue.boss.fetch(queues.build);
    if (job) await queue.boss.fail(queues.build, job.id, { message: 'this machine has no compiler' });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { document } = await done;
  expect(document.summary).toBe('1 trial: 1 missing');
  expect(document.trials[0]?.summary).toMatch(
    /could not be done: no worker could do it in 5 attempts, the last one: this machine has no compiler/,
  );
});
