import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import { gitRange, splitRange } from './git-range.ts';
import { type MailRef, messagesIn } from './mbox.ts';
import { quiltSeries } from './quilt.ts';
import { type Spool, UnreadableInputError } from './spool.ts';

/** Nothing is there under the name that was given. */
export class NoSuchInputError extends RingtrialError {
  readonly code = 'NO_SUCH_INPUT';
}

/** Messages to be looked through: threads, discussions, single mails. */
export interface Mails {
  readonly kind: 'mails';
  /** A name for what has none of its own. */
  readonly name: string;
  readonly mails: () => AsyncIterable<MailRef>;
}

/** Patches whose order is given: they are one series. */
export interface Stack {
  readonly kind: 'stack';
  readonly name: string;
  readonly title?: string;
  readonly origin: string;
  readonly patches: readonly MailRef[];
  /** A tree to which the patches belong, as `--tree` takes it. */
  readonly tree?: string;
  readonly baseCommit?: string;
  /** What the user should know, e.g. that merges were left out. */
  readonly notes: readonly string[];
  /** When each of them says `[PATCH 2/5]`, that counts and not the order of the files. */
  readonly mayBeNumbered?: true;
}

export type Input = Mails | Stack;

export interface Reading {
  readonly spool: Spool;
  readonly stdin?: NodeJS.ReadableStream;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out what was given: `-` for standard input, `DIR@A..B` of a git repository, a directory (maildir, quilt series,
 * git format-patch's output, files with mails), or a file (patch, mail, mbox, each perhaps compressed with gzip).
 *
 * @throws NoSuchInputError, UnreadableInputError, InputTooLargeError, and for a range what gitRange throws.
 */
export async function openInput(source: string, reading: Reading): Promise<Input> {
  if (source === '-') {
    const file = await reading.spool.keep(reading.stdin ?? process.stdin, 'standard input', reading.signal);
    return fileInput(file, 'standard input', reading);
  }
  const info = await stat(source).catch(() => undefined);
  if (info?.isDirectory()) return directoryInput(source);
  if (info?.isFile()) return fileInput(source, path.basename(source), reading);
  const range = info === undefined ? await splitRange(source) : undefined;
  if (range !== undefined) return gitRange(range, reading);
  if (info !== undefined) throw new NoSuchInputError(`${source} is neither a file nor a directory.`);
  throw new NoSuchInputError(
    `There is nothing called "${source}". Give a patch, a mail, an mbox, a directory of them, DIR@A..B for commits of a git repository, or - for standard input.`,
  );
}

async function fileInput(given: string, name: string, reading: Reading): Promise<Input> {
  const file = await reading.spool.unpacked(given, name, reading.signal);
  await requireText(file, name);
  const bare = name.replace(/\.gz$/, '').replace(/\.(?:patch|diff|eml|mbox|mbx|txt)$/, '');
  return { kind: 'mails', name: bare, mails: () => mailsOf(file, name) };
}

/** @throws UnreadableInputError for UTF-16, which some editors and shells write, and for an empty file. */
async function requireText(file: string, name: string): Promise<void> {
  const head = await firstBytes(file, 2);
  if (head.length === 0) throw new UnreadableInputError(`${name} is empty.`);
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new UnreadableInputError(`${name} is UTF-16 text. Save it as UTF-8: iconv -f UTF-16 -t UTF-8.`);
  }
}

async function firstBytes(file: string, count: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** An mbox's messages, or the file as one message. */
async function* mailsOf(file: string, name: string): AsyncGenerator<MailRef> {
  if ((await firstBytes(file, 5)).toString('latin1') === 'From ') {
    yield* messagesIn(file, name);
    return;
  }
  const { size } = await stat(file);
  yield { where: name, file, start: 0, end: size };
}

async function directoryInput(dir: string): Promise<Input> {
  const name = path.basename(path.resolve(dir));
  const entries = await readdir(dir, { withFileTypes: true });
  const isDirectory = (wanted: string): boolean =>
    entries.some((entry) => entry.name === wanted && entry.isDirectory());
  if (isDirectory('cur') && isDirectory('new')) {
    return {
      kind: 'mails',
      name,
      mails: () => filesIn([path.join(dir, 'cur'), path.join(dir, 'new')], name),
    };
  }
  const quilt = await quiltSeries(dir, name);
  if (quilt !== undefined) return quilt;
  if (entries.every((entry) => !entry.isFile() || entry.name.startsWith('.'))) {
    throw new NoSuchInputError(
      `${dir} holds no file. A directory of patches or mails, a maildir or a quilt series is needed.`,
    );
  }
  const patches = entries.filter((entry) => entry.isFile() && /\.(?:patch|diff)$/.test(entry.name));
  if (patches.length === 0) return { kind: 'mails', name, mails: () => filesIn([dir], name) };
  const files = patches.map((entry) => path.join(dir, entry.name)).toSorted();
  return {
    kind: 'stack',
    name,
    origin: `the directory ${name}`,
    patches: await wholeFiles(files),
    notes: [],
    mayBeNumbered: true,
  };
}

/** Each file as one message. */
export async function wholeFiles(files: readonly string[]): Promise<MailRef[]> {
  return Promise.all(
    files.map(async (file) => {
      const { size } = await stat(file);
      return { where: path.basename(file), file, start: 0, end: size };
    }),
  );
}

/** Every file that is not hidden, in the order of the names; each may be a mail or an mbox. */
async function* filesIn(dirs: readonly string[], name: string): AsyncGenerator<MailRef> {
  for (const dir of dirs) {
    const entries = await readdir(dir, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
    for (const file of files.map((entry) => entry.name).toSorted()) {
      yield* mailsOf(path.join(dir, file), `${name}/${file}`);
    }
  }
}
