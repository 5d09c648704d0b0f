import { PgBoss } from 'pg-boss';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import type { Lane, Task } from '../matrix/tasks.ts';

/** The database of the queue cannot be used. */
export class QueueError extends RingtrialError {
  readonly code = 'QUEUE';
  override readonly exitCode = ExitCode.inconclusive;
}

/** One queue for each lane of a machine. Their names rise with the form of what is in them. */
export const queues: Readonly<Record<Lane, string>> = {
  build: 'ringtrial-1-build',
  guests: 'ringtrial-1-guests',
};

/** What a job of the queue carries. */
export interface QueuedTask {
  /** The matrix's id in the store. */
  readonly matrix: string;
  readonly task: Task;
}

export interface QueueOptions {
  /** `postgres://USER:PASSWORD@HOST/DATABASE`. */
  readonly queue: string;
  /** A worker that says nothing for so long is dead, and its job goes to another one: 10 or more, 30 by default. */
  readonly heartbeatSeconds?: number | undefined;
  readonly onNotice: (message: string) => void;
}

/** How often a task is given to yet another worker when one dies or is not fit for it. */
const retryLimit = 4;

/** pg-boss's limit: a task ends by its tests' deadlines, and a worker's death is noticed by its silence. */
const expireInSeconds = 24 * 3600;

export interface Queue extends AsyncDisposable {
  readonly boss: PgBoss;
}

/**
 * Connects to the queue, and makes its tables when there are none.
 *
 * @throws QueueError
 */
export async function openQueue({ queue, heartbeatSeconds = 30, onNotice }: QueueOptions): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: queue,
    application_name: 'ringtrial',
    // Every process watches for workers that have died: there is one as long as somebody waits.
    ...{ superviseIntervalSeconds: 5, monitorIntervalSeconds: 5, flowIntervalSeconds: 1 },
    schedule: false,
  });
  boss.on('error', (error) => onNotice(`the queue: ${error.message}`));
  try {
    await boss.start();
    for (const name of Object.values(queues)) {
      const options = { retryLimit, retryDelay: 1, expireInSeconds, heartbeatSeconds };
      await boss.createQueue(name, options);
    }
  } catch (cause) {
    await boss.stop({ graceful: false }).catch(() => {});
    const reason = (cause as Error).message || (cause as NodeJS.ErrnoException).code;
    throw new QueueError(
      `The queue ${withoutPassword(queue)} cannot be used: ${reason}. It must be a PostgreSQL database, 13 or newer, in which this user may make tables.`,
      { cause },
    );
  }
  return { boss, [Symbol.asyncDispose]: async () => await boss.stop({ graceful: false }) };
}

const withoutPassword = (url: string): string => url.replaceAll(/:\/\/[^@/\s]*@/g, '://…@');
