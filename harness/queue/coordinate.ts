import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { MatrixDirectory } from '../matrix/directory.ts';
import type { MatrixDocument } from '../matrix/document.ts';
import type { MatrixListener } from '../matrix/events.ts';
import { takeTrial } from '../matrix/merge.ts';
import type { PlannedTrial } from '../matrix/plan.ts';
import { laneOf, type Task, tasksOf } from '../matrix/tasks.ts';
import { openQueue, type QueuedTask, type QueueOptions, queues } from './boss.ts';
import { SharedMatrix } from './shared-matrix.ts';
import { ArtefactStore } from './store.ts';

export interface CoordinateOptions extends Omit<QueueOptions, 'onNotice'> {
  /** The directory that all machines see. */
  readonly store: string;
  readonly onEvent: MatrixListener;
  readonly signal?: AbortSignal | undefined;
}

/** Between two looks at the queue. */
const pollMs = 1_000;

/**
 * Has a matrix done by workers: builds first, what needs them after, each where a worker is free. Results are taken
 * into the matrix's directory as they come. When this process ends early, the workers go on, and resuming collects.
 *
 * @throws QueueError, and the signal's reason
 */
export async function runQueued(
  directory: MatrixDirectory,
  options: CoordinateOptions,
): Promise<MatrixDocument> {
  const { onEvent, signal } = options;
  const matrix = new SharedMatrix(directory.sharedId(randomUUID), new ArtefactStore(options.store));
  matrix.publish(directory.plan);
  await using queue = await openQueue({
    ...options,
    onNotice: (message) => onEvent({ type: 'notice', message }),
  });
  const collection = new Collection(directory, matrix, onEvent);
  collection.begin();
  // What an earlier process had begun is waited for before anything is given out again.
  await settle(queue.boss, collection, signal);
  const open = collection.open();
  if (open.length > 0) {
    const tasks = tasksOf(directory.plan, open);
    for (const { key } of tasks) matrix.forgetFailure(key);
    collection.forgetProblems();
    await submit(queue.boss, matrix.id, tasks);
    await settle(queue.boss, collection, signal);
  }
  return collection.write();
}

/** Puts tasks into the queue, all of them or none. What needs others is held back until they are done. */
const submit = (boss: PgBoss, matrix: string, tasks: readonly Task[]): Promise<unknown> =>
  boss.flow(
    tasks.map((task) => ({
      ref: task.key,
      name: queues[laneOf(task)],
      data: { matrix, task } satisfies QueuedTask,
      dependsOn: [...task.needs],
    })),
  );

type QueueJob = JobWithMetadata<QueuedTask>;

/** Waits until nothing of the matrix is in the queue any more. */
async function settle(boss: PgBoss, collection: Collection, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const jobs = await jobsOf(boss, collection.matrix.id);
    await cancelHopeless(boss, jobs, collection);
    collection.collect();
    if (!jobs.some(isUnfinished)) return;
    await sleep(pollMs, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
  }
}

async function jobsOf(boss: PgBoss, matrix: string): Promise<QueueJob[]> {
  const found = Object.values(queues).map((name) =>
    boss.findJobs<QueuedTask>(name, { data: { matrix }, limit: 100_000 }),
  );
  return (await Promise.all(found)).flat();
}

const isUnfinished = ({ state }: QueueJob): boolean => ['created', 'retry', 'active'].includes(state);

/**
 * A task that no worker could do, however often it was tried, leaves what needs it waiting for ever: it is taken
 * out of the queue, with the reason.
 */
async function cancelHopeless(
  boss: PgBoss,
  jobs: readonly QueueJob[],
  collection: Collection,
): Promise<void> {
  const unfinished = jobs.filter(isUnfinished);
  const again = new Set(unfinished.map(({ data }) => data.task.key));
  for (const job of jobs) {
    const { key } = job.data.task;
    if (!['failed', 'cancelled'].includes(job.state) || again.has(key)) continue;
    collection.failed(key, reasonOf(job));
  }
  for (const job of unfinished) {
    const { key, needs } = job.data.task;
    const lost = needs.find((need) => collection.whyFailed(need) !== undefined);
    if (lost === undefined) continue;
    collection.failed(key, `${lost} could not be done: ${collection.whyFailed(lost)}`);
    await boss.cancel(job.name, job.id);
  }
}

function reasonOf({ output, retryCount }: QueueJob): string {
  const { message } = (output ?? {}) as { readonly message?: unknown };
  return `no worker could do it in ${retryCount + 1} attempts${typeof message === 'string' ? `, the last one: ${message.split('\n')[0]}` : ''}`;
}

/** Takes what workers did into the matrix's directory. */
class Collection {
  readonly matrix: SharedMatrix;
  readonly #directory: MatrixDirectory;
  readonly #onEvent: MatrixListener;
  /** Why trials have no verdict, by id. */
  readonly #missing = new Map<string, string>();
  /** Why tasks were given up, by key. */
  readonly #failed = new Map<string, string>();

  constructor(directory: MatrixDirectory, matrix: SharedMatrix, onEvent: MatrixListener) {
    this.#directory = directory;
    this.matrix = matrix;
    this.#onEvent = onEvent;
  }

  begin(): void {
    const { trials } = this.#directory.plan;
    const finished = trials.length - this.open().length;
    this.#onEvent({ type: 'began', directory: this.#directory.path, trials: trials.length, finished });
    this.write();
  }

  /** Trials without a verdict. */
  open(): PlannedTrial[] {
    return this.#directory.plan.trials.filter((trial) => !this.#directory.verdictOf(trial));
  }

  write(): MatrixDocument {
    return this.#directory.write(this.#missing);
  }

  failed(key: string, why: string): void {
    if (!this.#failed.has(key)) this.#failed.set(key, why);
  }

  whyFailed = (key: string): string | undefined => this.#failed.get(key);

  forgetProblems(): void {
    this.#failed.clear();
    this.#missing.clear();
  }

  collect(): void {
    for (const trial of this.open()) {
      const key = `trial ${trial.id}`;
      const problem =
        this.matrix.problemOf(key) ?? (this.matrix.hasOutcome(key) ? undefined : this.#failed.get(key));
      if (problem !== undefined) this.#tellMissing(trial, problem);
      else if (this.matrix.hasOutcome(key)) {
        takeTrial(this.matrix.directory, trial, this.#directory);
        this.#tell(trial);
      }
    }
  }

  #tellMissing(trial: PlannedTrial, problem: string): void {
    if (this.#missing.has(trial.id)) return;
    this.#missing.set(trial.id, problem);
    this.#tell(trial);
  }

  #tell({ id }: PlannedTrial): void {
    const { trials } = this.write();
    const row = trials.find((each) => each.id === id);
    const done = trials.length - this.open().filter((each) => !this.#missing.has(each.id)).length;
    if (row) this.#onEvent({ type: 'finished', trial: row, done, trials: trials.length });
  }
}
