import type { Listener } from '../harness/events.ts';
import { progressOn } from '../harness/output/progress.ts';
import { screenOn } from '../harness/output/screen.ts';
import { loadCandidate } from '../patches/index.ts';
import { ensureHost } from './host.ts';
import { interruptible } from './interrupt.ts';

/** What a trial gets from the command line that it runs for. */
export interface Watched {
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
}

/**
 * Runs what builds kernels and boots guests: on a machine that has what that takes, with its progress on
 * standard error, until it ends or somebody stops it. When this returns, no status line is left where
 * results will be printed.
 *
 * @param candidate what it is about: a misspelt name should not wait for apt
 */
export async function watched<T>(
  candidate: string | undefined,
  work: (watched: Watched) => Promise<T>,
): Promise<T> {
  const signal = interruptible();
  if (candidate !== undefined) await loadCandidate(candidate);
  await ensureHost(signal);
  const screen = screenOn(process.stderr);
  try {
    return await work({ signal, onEvent: progressOn(screen) });
  } finally {
    screen.end();
  }
}
