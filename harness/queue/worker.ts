import { mkdirSync, rmSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import path from 'node:path';
import type { Job } from 'pg-boss';
import { setAside } from '../matrix/directory.ts';
import type { MatrixListener } from '../matrix/events.ts';
import { type Place, Steps } from '../matrix/steps.ts';
import { type Lane, perform } from '../matrix/tasks.ts';
import { readVerdict } from '../read-verdict.ts';
import { openQueue, type QueuedTask, type QueueOptions, queues } from './boss.ts';
import { SharedMatrix, storedKernel } from './shared-matrix.ts';
import { ArtefactStore } from './store.ts';

export interface WorkerOptions extends QueueOptions {
  /** The directory that all machines see. */
  readonly store: string;
  /** Compilers at once. */
  readonly jobs?: number | undefined;
  readonly onEvent: MatrixListener;
  /** Ends the worker; what it was doing goes to another one. */
  readonly signal: AbortSignal;
}

/** Seconds between two looks into an empty queue. */
const pollingIntervalSeconds = 1;

/**
 * Does what is in the queue, a build and a trial beside each other, until the signal comes. A task is done when
 * what it made is in the store: a worker that dies before leaves it to another one.
 *
 * @throws QueueError, and the signal's reason
 */
export async function work(options: WorkerOptions): Promise<never> {
  const { signal } = options;
  const store = new ArtefactStore(options.store);
  await using queue = await openQueue(options);
  const scratch = path.join(stateRoot(), 'workers', `${hostname()}-${process.pid}-${Date.now()}`);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  try {
    for (const lane of ['build', 'guests'] as const satisfies Lane[])
      await queue.boss.work<QueuedTask>(queues[lane], { pollingIntervalSeconds }, async ([job]) => {
        if (job) await doJob(job, { ...options, store, scratch });
      });
    options.onNotice(`waiting for work; artefacts in ${store.root}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // What is under way fails by the same signal, and is told to the queue, so that another worker begins at once.
    await queue.boss.stop({ graceful: true, timeout: 20_000 });
    throw signal.reason;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const stateRoot = (): string =>
  path.join(process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'ringtrial');

interface Bench extends Omit<WorkerOptions, 'store'> {
  readonly store: ArtefactStore;
  /** Of this worker alone. */
  readonly scratch: string;
}

async function doJob(job: Job<QueuedTask>, bench: Bench): Promise<void> {
  const { task } = job.data;
  const matrix = new SharedMatrix(job.data.matrix, bench.store);
  if (matrix.hasOutcome(task.key)) return;
  if (job.retryCount > 0)
    bench.onNotice(`${task.key}: attempt ${job.retryCount + 1}; the last one did not come to its end`);
  const place = placeOf(matrix, bench.scratch);
  setAside(place.at(task.trial.directory));
  const signal = AbortSignal.any([bench.signal, job.signal]);
  const { jobs, store, onEvent } = bench;
  const steps = new Steps(place, { jobs, signal, onEvent, elsewhere: (hash) => storedKernel(store, hash) });
  const outcome = await perform(steps, task, (key) => matrix.outcome(key, place));
  await matrix.deliver(task, outcome, place);
  if (task.kind !== 'trial') return;
  rmSync(place.at(task.trial.directory), { recursive: true, force: true });
}

/** Where this worker does its part of a matrix. */
function placeOf(matrix: SharedMatrix, scratch: string): Place {
  const at = (...parts: string[]): string => path.join(scratch, matrix.id, ...parts);
  mkdirSync(at('trials'), { recursive: true });
  return {
    plan: matrix.plan(),
    at,
    verdictOf: (trial) => readVerdict(at(trial.directory)),
    pinnedTree: (spec) => matrix.pinnedTree(spec),
    pinTree: (spec, tree) => matrix.pinTree(spec, tree),
  };
}
