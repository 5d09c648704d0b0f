import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { isRunning } from '../../../common/process.ts';
import { MissingToolError } from '../errors.ts';
import { parseJson } from './json.ts';

/** An exclusive lock, held until it is disposed of or until every process that inherited `fd` is gone. */
export interface Lock extends AsyncDisposable {
  readonly fd: number;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, before waiting, with who holds the lock, for people. */
  readonly onWait?: ((holder: string) => void) | undefined;
}

const Holder = z.object({ pid: z.number().int(), since: z.string(), command: z.string() });

/** For execa's `stdio`: it hands any descriptor on as its child's next one, but its types name only the first three. */
export const inherited = (fd: number): 0 => fd as 0;

/** flock(1)'s `--conflict-exit-code`; any number that it does not use itself. */
const CONFLICT = 75;

/**
 * Takes flock(2) on a file, which is created and never removed.
 *
 * The lock belongs to the open file and not to a process: flock(1) takes it on a descriptor that it inherits, and this process
 * keeps it after flock(1) has ended. Programs that inherit the descriptor too keep the lock alive
 * when this process is killed, so nobody walks in on a compiler that still writes.
 *
 * @throws the signal's reason when it was aborted while waiting.
 */
export async function lockFile(file: string, options: LockOptions = {}): Promise<Lock> {
  options.signal?.throwIfAborted();
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, 'a+');
  try {
    if (!(await flock(handle, ['--nonblock'], options.signal))) {
      options.onWait?.(await readHolder(handle));
      await flock(handle, [], options.signal);
    }
    await writeHolder(handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    fd: handle.fd,
    async [Symbol.asyncDispose]() {
      await handle.truncate(0);
      await handle.close();
    },
  };
}

/** Whether somebody holds a lock right now. Taking it for a moment leaves no trace. */
export async function isLocked(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return false;
  try {
    return !(await flock(handle, ['--nonblock']));
  } finally {
    await handle.close();
  }
}

/** Takes a lock if it is free; null when somebody holds it. */
export async function tryLock(file: string): Promise<Lock | null> {
  return (await isLocked(file)) ? null : await lockFile(file);
}

async function flock(handle: FileHandle, flags: readonly string[], signal?: AbortSignal): Promise<boolean> {
  const args = [...flags, '--exclusive', '--conflict-exit-code', `${CONFLICT}`, '3'];
  const result = await execa('flock', args, {
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    reject: false,
    stdio: ['ignore', 'pipe', 'pipe', inherited(handle.fd)],
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0) return true;
  if (result.exitCode === CONFLICT) return false;
  if (result.code === 'ENOENT')
    throw new MissingToolError('util-linux (flock)', 'keep two runs from building in one place');
  throw new Error(`flock failed: ${String(result.stderr)}`);
}

async function writeHolder(handle: FileHandle): Promise<void> {
  const command = process.argv
    .slice(1)
    .map((word, index) => (index === 0 ? path.basename(word) : word))
    .join(' ')
    // A database's URL may hold a password.
    .replaceAll(/:\/\/[^@/\s]*@/g, '://…@');
  const holder: z.infer<typeof Holder> = { pid: process.pid, since: new Date().toISOString(), command };
  await handle.truncate(0);
  await handle.write(JSON.stringify(holder));
}

async function readHolder(handle: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(4096);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  const holder = parseJson(buffer.toString('utf8', 0, bytesRead), Holder);
  if (holder === null) return 'another process';
  const { pid, since, command } = holder;
  const name = `process ${pid} (${command}) since ${since}`;
  return isRunning(pid) ? name : `what ${name} left running`;
}
