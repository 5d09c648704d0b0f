/** A piece of work, and what must be done before. */
export interface Job<Lane extends string> {
  readonly key: string;
  /** Jobs of one lane run one after the other; lanes run beside each other. */
  readonly lane: Lane;
  readonly needs: readonly string[];
  /** What comes of it is for the one who made the job: a job that throws ends everything. */
  readonly run: () => Promise<void>;
}

/**
 * Runs jobs as soon as what they need is done, in each lane the first one of the list that can run.
 * When one throws, no further one is begun, and those that run are waited for.
 *
 * @throws what the first one threw, the signal's reason, and an Error when jobs wait for one another
 */
export async function runLanes<Lane extends string>(
  jobs: readonly Job<Lane>[],
  signal?: AbortSignal,
): Promise<void> {
  const known = new Set(jobs.map(({ key }) => key));
  const done = new Set<string>();
  const waiting = new Set(jobs);
  const running = new Map<Lane, Promise<void>>();
  const failures: unknown[] = [];

  const start = (job: Job<Lane>): void => {
    waiting.delete(job);
    const ended = job
      .run()
      .then(
        () => void done.add(job.key),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => running.delete(job.lane));
    running.set(job.lane, ended);
  };
  const ready = ({ lane, needs }: Job<Lane>): boolean =>
    !running.has(lane) && needs.every((need) => done.has(need) || !known.has(need));

  for (;;) {
    const stopped = failures.length > 0 || signal?.aborted === true;
    if (!stopped) for (const job of waiting) if (ready(job)) start(job);
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (failures.length > 0) throw failures[0];
  signal?.throwIfAborted();
  if (waiting.size > 0)
    throw new Error(`These jobs wait for one another: ${[...waiting].map(({ key }) => key).join(', ')}`);
}
