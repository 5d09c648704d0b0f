import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '../../vm/kernel/index.ts';
import { QmpError } from '../../vm/qemu/qmp.ts';
import type { RecordedGuest } from '../../vm/qemu/recorded.ts';
import { waitForGdb } from '../gdb/attach.ts';
import type { DebugFiles } from '../gdb/debug-files.ts';
import type { Recording } from './recording.ts';
import { openReplay } from './replay.ts';

export interface GdbReplayOptions {
  readonly recording: Recording;
  readonly kernel: Kernel;
  readonly debug: DebugFiles;
  /** Is given the command that starts gdb, when the guest waits for it. */
  readonly onReady: (command: string) => void;
  /** Is given the guest's console as it comes. */
  readonly onConsole: (text: Buffer) => void;
  readonly signal: AbortSignal;
}

/**
 * Brings a recorded run to the place where its program begins, and lets gdb have it: forwards to its end, and
 * backwards to that place. Returns when gdb has gone.
 *
 * @throws what `replay` throws, and GdbStubError
 */
export async function replayUnderGdb(options: GdbReplayOptions): Promise<void> {
  const { recording, kernel, debug, onReady, onConsole, signal } = options;
  await using open = await openReplay(recording, true);
  const { guest } = open;
  const abort = (): void => void guest.process.kill();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (recording.begin !== null) await guest.proceedTo(recording.begin);
    // gdb goes back to a snapshot and from there forwards again: without one, all the way from power-on.
    await guest.save('begin');
    onReady(await waitForGdb(open, kernel, debug));
    await Promise.race([guest.follow(undefined, Number.POSITIVE_INFINITY, onConsole), gdbGone(guest)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  signal.throwIfAborted();
}

/** Resolves when gdb was there, and is no more. */
async function gdbGone({ qmp }: RecordedGuest): Promise<void> {
  let seen = false;
  for (;;) {
    try {
      const all = (await qmp.command('query-chardev')) as { label: string; filename: string }[];
      const connected = all.some(({ label, filename }) => label === 'gdb' && !filename.startsWith('disc'));
      if (seen && !connected) return;
      seen ||= connected;
    } catch (error) {
      // QEMU is busy while gdb goes backwards.
      if (!(error instanceof QmpError)) throw error;
    }
    await sleep(500);
  }
}
