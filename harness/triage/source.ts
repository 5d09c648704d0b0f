import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { RingtrialError } from '../../common/errors.ts';
import { unpacked } from './unpack.ts';

/** A log that cannot be read. The message says why, and what to do instead. */
export class LogUnreadableError extends RingtrialError {
  readonly code = 'LOG_UNREADABLE';
}

/** What comes out of a log while it is read. */
export type Piece =
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** Only when following: nothing more was written for a while. */
  | { readonly type: 'quiet' }
  /** Only when following: what comes next begins another log, for this reason. */
  | { readonly type: 'restart'; readonly why: string };

/** Somewhere to read a kernel log from, once. */
export interface LogSource {
  /** As the user wrote it; `-` for standard input. */
  readonly name: string;
  /** @throws LogUnreadableError, or the signal's reason when aborted */
  pieces(signal?: AbortSignal): AsyncIterable<Piece>;
}

const CHUNK = 1 << 20;
/** How often a followed file is looked at. */
const POLL_MS = 200;
/** So long after its last words a report is taken for finished: a kernel prints one without pausing. */
const QUIET_MS = 2000;

/**
 * A file that is read to its end; gzip and zstd are unpacked on the way.
 *
 * @throws LogUnreadableError when it is missing, unreadable or a directory
 */
export async function fileSource(name: string): Promise<LogSource> {
  await checked(name);
  return {
    name,
    async *pieces(signal) {
      const stream = createReadStream(name, { highWaterMark: CHUNK, signal });
      yield* data(name, stream, signal);
    },
  };
}

/** A pipe that is read to its end. With `follow`, silence is told. */
export function streamSource(name: string, stream: AsyncIterable<Uint8Array>, follow = false): LogSource {
  return {
    name,
    pieces: (signal) => (follow ? withQuiet(data(name, stream, signal)) : data(name, stream, signal)),
  };
}

/**
 * A file that others still write to: it is read as it grows, until the signal is aborted. When it
 * is cut or replaced by another file of the same name, reading starts anew.
 *
 * @throws LogUnreadableError as `fileSource` does
 */
export async function growingSource(name: string): Promise<LogSource> {
  await checked(name);
  return { name, pieces: (signal) => follow(name, signal) };
}

async function checked(name: string): Promise<void> {
  const info = await stat(name).catch((error: unknown) => refuse(name, error));
  if (info.isDirectory())
    throw new LogUnreadableError(
      `${name} is a directory. Name the files in it: ${name.replace(/\/+$/, '')}/*`,
    );
  // Whether it may be read shows only when it is opened; a pipe must not be opened twice.
  if (info.isFile()) await (await open(name).catch((error: unknown) => refuse(name, error))).close();
}

function refuse(name: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') throw new LogUnreadableError(`There is no file ${name}. Use - for standard input.`);
  if (code === 'EACCES' || code === 'EPERM')
    throw new LogUnreadableError(`${name} may not be read by this user: ${message}`);
  throw new LogUnreadableError(`${name} cannot be read: ${message}`, { cause: error });
}

async function* data(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Piece> {
  try {
    for await (const bytes of unpacked(name, stream)) {
      signal?.throwIfAborted();
      yield { type: 'data', bytes };
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RingtrialError) throw error;
    refuse(name, error);
  }
}

/** Tells when the next piece keeps one waiting. */
async function* withQuiet(pieces: AsyncIterable<Piece>): AsyncIterable<Piece> {
  const iterator = pieces[Symbol.asyncIterator]();
  const ask = (): ReturnType<typeof iterator.next> => {
    const answer = iterator.next();
    // Nobody waits for it any more when the reader goes.
    answer.catch(() => {});
    return answer;
  };
  let next = ask();
  for (;;) {
    const timer = new AbortController();
    const first = await Promise.race([
      next,
      setTimeout(QUIET_MS, 'quiet' as const, { signal: timer.signal }).catch(() => 'quiet' as const),
    ]);
    timer.abort();
    if (first === 'quiet') yield { type: 'quiet' };
    const { value, done } = await next;
    if (done === true) return;
    next = ask();
    yield value;
  }
}

async function* follow(name: string, signal: AbortSignal | undefined): AsyncIterable<Piece> {
  let file = await open(name).catch((error: unknown) => refuse(name, error));
  try {
    let position = 0;
    let heard = Date.now();
    let told = true;
    for (;;) {
      signal?.throwIfAborted();
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
      if (bytesRead > 0) {
        position += bytesRead;
        [heard, told] = [Date.now(), false];
        yield { type: 'data', bytes: buffer.subarray(0, bytesRead) };
        continue;
      }
      const other = await successor(name, file, position);
      if (other !== undefined) {
        yield { type: 'restart', why: other.why };
        if (other.file !== file) await file.close();
        file = other.file;
        position = 0;
      } else if (!told && Date.now() - heard >= QUIET_MS) {
        told = true;
        yield { type: 'quiet' };
      } else await setTimeout(POLL_MS, undefined, signal ? { signal } : {}).catch(() => {});
    }
  } finally {
    await file.close();
  }
}

/** The file to read from the start when the one at hand was cut or has given up its name. */
async function successor(
  name: string,
  file: FileHandle,
  position: number,
): Promise<{ file: FileHandle; why: string } | undefined> {
  const mine = await file.stat();
  if (mine.isFile() && mine.size < position) return { file, why: `${name} was cut short` };
  const named = await stat(name).catch(() => undefined);
  if (named === undefined || (named.ino === mine.ino && named.dev === mine.dev)) return undefined;
  const replacement = await open(name).catch(() => undefined);
  return replacement && { file: replacement, why: `${name} is another file now` };
}
