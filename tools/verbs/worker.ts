import { Command, Option } from '@commander-js/extra-typings';
import { matrixProgressOn } from '../../harness/output/matrix.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { work } from '../../harness/queue/worker.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { queueOption, storeOption } from '../queue-options.ts';
import { positive } from '../values.ts';

export const workerVerb = () =>
  new Command('worker')
    .description('build kernels and run trials of matrices that others put into a queue, until it is stopped')
    .addOption(queueOption().makeOptionMandatory())
    .addOption(storeOption().makeOptionMandatory())
    .option('--jobs <n>', 'compilers at once (default: one for each processor)', positive)
    .addOption(
      new Option('--heartbeat <seconds>', 'a worker that is silent for so long is dead, at least 10')
        .argParser(positive)
        .default(30),
    )
    .action(async ({ heartbeat, ...options }) => {
      const signal = interruptible();
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      const onNotice = (message: string): void => screen.line(message);
      try {
        await work({
          ...options,
          ...{ heartbeatSeconds: heartbeat, signal, onNotice },
          onEvent: matrixProgressOn(screen),
        });
      } finally {
        screen.end();
      }
    });
