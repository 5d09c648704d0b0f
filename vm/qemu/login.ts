import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { atDeadline } from '../../common/deadline.ts';
import { SshConnection } from '../ssh/connection.ts';
import type { GuestKeys } from '../ssh/keys.ts';
import { type BootStage, GuestBootError } from './boot-error.ts';
import type { SerialConsole } from './console.ts';
import { keepMachineState } from './machine-state.ts';
import { patience, processorWaitMs } from './patience.ts';
import type { QemuProcess } from './process.ts';

export interface Login {
  readonly ssh: SshConnection;
  readonly port: number;
}

export interface LoginRequest {
  readonly process: QemuProcess;
  readonly console: SerialConsole;
  readonly keys: GuestKeys;
  /** The guest's directory, for QEMU's standard error, and the machine's state when time runs out. */
  readonly directory: string;
  /** Time in which QEMU waited for one of the host's processors does not count towards it. */
  readonly deadlineMs: number;
  /** Brings the guest to the point where its SSH server listens; calls back with how far it came. */
  readonly start: (reached: (stage: BootStage) => void) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** How far a guest has come. */
interface Progress {
  stage: BootStage;
  /** Why the last attempt to log in failed. */
  refusal?: string;
}

/**
 * Waits until a guest lets us in, against QEMU's end, a deadline and an abort. Whatever goes wrong
 * ends QEMU.
 *
 * @throws GuestBootError saying how far it came, or the signal's reason
 */
export async function waitForLogin(request: LoginRequest): Promise<Login> {
  const { process, deadlineMs, signal } = request;
  const progress: Progress = { stage: 'qemu' };
  const deadline = new AbortController();
  const extend = patience(deadlineMs, () => processorWaitMs(process.pid));
  const callOff = atDeadline(deadlineMs, () => deadline.abort(), extend);
  const stop = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const stopped = Promise.withResolvers<never>();
  stop.addEventListener('abort', () => stopped.reject(new Error('stopped waiting')));
  const died = process.exited.then(() => Promise.reject(new Error('QEMU ended')));
  for (const promise of [stopped.promise, died]) promise.catch(() => {});
  const login = logIn(request, stop, progress);
  try {
    if (stop.aborted) throw new Error('stopped before the start');
    return await Promise.race([login, died, stopped.promise]);
  } catch (cause) {
    // A login that succeeds after all must not stay open.
    void login.then(({ ssh }) => ssh[Symbol.asyncDispose]()).catch(() => {});
    if (deadline.signal.aborted) await keepMachineState(process.qmp, request.directory);
    await process.kill();
    signal?.throwIfAborted();
    throw await failure(request, progress, { timedOut: deadline.signal.aborted, cause });
  } finally {
    callOff();
  }
}

async function logIn(
  { process, keys, deadlineMs, start }: LoginRequest,
  stop: AbortSignal,
  progress: Progress,
): Promise<Login> {
  await process.qmp.negotiate(deadlineMs);
  const port = forwardedPort(await process.qmp.human('info usernet'));
  await start((stage) => {
    progress.stage = stage;
  });
  progress.stage = 'ssh';
  for (;;) {
    stop.throwIfAborted();
    try {
      return {
        ssh: await SshConnection.connect({ host: '127.0.0.1', port }, keys, { timeoutMs: 20_000 }),
        port,
      };
    } catch (error) {
      progress.refusal = (error as Error).message;
      // QEMU accepts for a guest that does not listen yet, and then closes.
      if (stop.aborted || process.exit) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function failure(
  request: LoginRequest,
  { stage, refusal }: Progress,
  { timedOut, cause }: { timedOut: boolean; cause: unknown },
): Promise<GuestBootError> {
  const stderr = await readFile(path.join(request.directory, 'qemu.stderr'), 'utf8').catch(() => '');
  return new GuestBootError(
    {
      stage: stage === 'kernel' && request.console.size === 0 ? 'silent' : stage,
      deadlineMs: timedOut ? request.deadlineMs : undefined,
      refusal,
      console: request.console.tail,
      stderr,
      consolePath: request.console.path,
    },
    { cause },
  );
}

/** The loopback port that QEMU got for the guest's port 22, from the monitor's `info usernet`. */
function forwardedPort(text: string): number {
  const match = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\b/.exec(text);
  if (!match) throw new Error(`QEMU forwards no port to the guest:\n${text}`);
  return Number(match[1]);
}
