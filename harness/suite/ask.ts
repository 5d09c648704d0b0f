import path from 'node:path';
import { capture, openArea } from '../../vm/kernel/index.ts';

/** A program that was asked something and does not end is not waited for. */
const patienceMs = 60_000;

export interface Asking {
  /** It came with Ringtrial. What others wrote was made for a guest, and is confined on this machine. */
  readonly trusted: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a compiled test program prints for an argument, on this machine.
 *
 * @returns undefined when it fails or does not end
 */
export async function askProgram(
  executable: string,
  argument: string,
  { trusted, signal }: Asking,
): Promise<string | undefined> {
  const area = trusted ? undefined : await openArea({ writable: [], readable: [path.dirname(executable)] });
  const patience = AbortSignal.timeout(patienceMs);
  try {
    const answer = await capture([executable, argument], {
      area,
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    return answer.exitCode === 0 ? answer.stdout : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (patience.aborted) return undefined;
    throw error;
  }
}
