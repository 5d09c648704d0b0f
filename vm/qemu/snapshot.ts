import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { GuestKeys } from '../ssh/keys.ts';
import { forkArgs, type GuestShape, incomingFd } from './args.ts';
import { type BootRequest, writeCommand } from './boot.ts';
import { SerialConsole } from './console.ts';
import { Guest } from './guest.ts';
import { waitForLogin } from './login.ts';
import { QemuProcess } from './process.ts';
import type { Qmp } from './qmp.ts';

/** RAM stays in its file and is not copied into the stream (QEMU, migration capability x-ignore-shared). */
const capabilities = { capabilities: [{ capability: 'x-ignore-shared', state: true }] };

const migrationDeadlineMs = 20_000;

/** A guest that was stopped and can be resumed any number of times, each time as a machine of its own. */
export interface Snapshot {
  /** RAM, on a tmpfs. Forks map it privately: they share its pages until they write to them. */
  readonly memory: string;
  /** The state of everything else: processors and devices. */
  readonly state: string;
  /** What the guest printed up to the snapshot. */
  readonly console: string;
  readonly keys: GuestKeys;
  /** A fork needs the same machine. */
  readonly shape: GuestShape;
}

/**
 * Stops a guest that was booted with its RAM in a file and saves the rest of it. The guest is gone
 * afterwards: if it went on it would write into the memory of its forks.
 *
 * @throws QmpError when QEMU does not carry it out
 */
export async function takeSnapshot(guest: Guest, request: BootRequest, state: string): Promise<void> {
  if (!request.memory) throw new Error('a snapshot needs a guest whose RAM is in a file');
  try {
    await guest.disconnect();
    await guest.qmp.command('stop');
    await guest.qmp.command('migrate-set-capabilities', capabilities);
    await writeFile(state, await migrate(guest.qmp), { mode: 0o600 });
  } finally {
    await guest[Symbol.asyncDispose]();
  }
}

/** Receives QEMU's migration stream over a socket: its sandbox lets it start no program to write it. */
async function migrate(qmp: Qmp): Promise<Buffer> {
  // A socket's path may have 107 characters (unix(7)), which a run directory may exceed.
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-'));
  const server = net.createServer();
  try {
    const socket = path.join(directory, 'migration');
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
    const received = new Promise<Buffer>((resolve, reject) =>
      server.once('connection', (connection) => void buffer(connection).then(resolve, reject)),
    );
    await qmp.command('migrate', { uri: `unix:${socket}` });
    await migrated(qmp);
    return await received;
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
}

async function migrated(qmp: Qmp): Promise<void> {
  const deadline = Date.now() + migrationDeadlineMs;
  for (;;) {
    const { status, 'error-desc': description } = (await qmp.command('query-migrate')) as MigrationInfo;
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled' || Date.now() > deadline) {
      throw new Error(
        `QEMU could not move the guest's state (${status}): ${description ?? 'no reason given'}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface ForkRequest {
  /** Gets console.log, qemu.stderr and command.json; created 0700. */
  readonly directory: string;
  readonly deadlineMs: number;
  /** How much of its console is kept; see SerialConsole. */
  readonly consoleLimitBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called when the guest's processors run again. */
  readonly onRunning?: (milliseconds: number) => void;
}

/**
 * Resumes a snapshot as a new guest, which starts where the snapshot was taken: with lockdep alive and
 * nothing run yet. Its clock and its random state are made its own before its first command.
 *
 * @throws GuestBootError, QemuMissingError, the signal's reason
 */
export async function forkSnapshot(snapshot: Snapshot, request: ForkRequest): Promise<Guest> {
  const started = performance.now();
  const { directory, signal } = request;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const args = forkArgs(snapshot.shape, { path: snapshot.memory, share: false });
  await writeCommand(directory, args);
  signal?.throwIfAborted();
  const state = openSync(snapshot.state, 'r');
  const process = await QemuProcess.start(args, directory, { [incomingFd]: state }).finally(() =>
    closeSync(state),
  );
  const file = path.join(directory, 'console.log');
  const console = new SerialConsole(process.console, file, request.consoleLimitBytes);
  const { ssh, port } = await waitForLogin({
    process,
    console,
    directory,
    keys: snapshot.keys,
    deadlineMs: request.deadlineMs,
    signal,
    async start() {
      await process.qmp.command('migrate-set-capabilities', capabilities);
      await process.qmp.command('migrate-incoming', { uri: `fd:${incomingFd}` });
      await migrated(process.qmp);
      await process.qmp.command('cont');
      request.onRunning?.(performance.now() - started);
    },
  });
  const bootMs = performance.now() - started;
  const preamble = resumeCommand();
  return new Guest({
    directory,
    shape: snapshot.shape,
    process,
    console,
    keys: snapshot.keys,
    ssh,
    port,
    bootMs,
    origin: 'fork',
    preamble,
  });
}

/** The image's own program: sets the clock and reseeds the kernel's random number generator. */
const resumeCommand = (): string =>
  `/bin/ringtrial-resume ${(Date.now() / 1000).toFixed(3)} ${randomBytes(32).toString('hex')}`;
