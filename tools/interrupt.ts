import { constants } from 'node:os';

const controller = new AbortController();

/** How this process was asked to stop, if it was. */
export const interruption: { signalName?: NodeJS.Signals; exitCode?: number } = {};

/**
 * An abort signal for the whole command: the first SIGINT, SIGTERM or SIGHUP aborts it, so that
 * guests are stopped and evidence is kept; the second ends the process at once, and the kernel
 * kills the guests (they are started with PR_SET_PDEATHSIG).
 */
export function interruptible(): AbortSignal {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const exitCode = 128 + constants.signals[name];
      if (interruption.exitCode !== undefined) process.exit(exitCode);
      interruption.signalName = name;
      interruption.exitCode = exitCode;
      process.stderr.write(`\nringtrial: ${name}: stopping; once more ends at once\n`);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return controller.signal;
}
