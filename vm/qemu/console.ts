import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

/**
 * Of a console so much is kept, which an emulated serial line (0.1 to 0.2 MB/s) takes minutes to carry: a guest
 * must not be able to fill the host's disk, and readers take a console into memory as a whole.
 */
const defaultLimitBytes = 64 * 1024 * 1024;

interface Waiter {
  readonly needle: string;
  readonly found: () => void;
}

/**
 * A guest's serial console: every byte goes to a file at once, synchronously, so that whatever kills
 * this process next has no evidence to take with it; and to whoever waits for a word in it.
 */
export class SerialConsole {
  readonly path: string;
  /** Resolves when QEMU has closed the console: nothing more will come. */
  readonly closed: Promise<void>;
  readonly #fd: number;
  readonly #limit: number;
  readonly #waiters = new Set<Waiter>();
  #size = 0;
  /** Bytes that came and could not be written, since the last that could. */
  #missing = 0;
  #full = false;
  #tail = '';
  #problem: string | undefined;

  constructor(stream: Readable, path: string, limitBytes = defaultLimitBytes) {
    this.path = path;
    this.#limit = limitBytes;
    this.#fd = openSync(path, 'a+', 0o600);
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', () => {});
    stream.once('close', () => {
      closed.resolve();
      closeSync(this.#fd);
    });
  }

  /** Bytes in the file so far: the offset of the next byte. */
  get size(): number {
    return this.#size;
  }

  /** Why the file does not hold all that the guest printed, if it does not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Waits until `text` is printed from now on.
   *
   * @returns false when the console closed or `timeoutMs` passed first
   */
  async waitFor(text: string, timeoutMs: number): Promise<boolean> {
    const result = Promise.withResolvers<boolean>();
    const waiter: Waiter = { needle: text, found: () => result.resolve(true) };
    const timer = setTimeout(() => result.resolve(false), timeoutMs);
    this.#waiters.add(waiter);
    void this.closed.then(() => result.resolve(false));
    try {
      return await result.promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** The last characters printed, control characters and all: clean them before anybody sees them. */
  get tail(): string {
    return this.#tail;
  }

  #receive(chunk: Buffer): void {
    this.#keep(chunk);
    // Also what is not kept: how a guest ended, and whether it says that it is ready, is in its last words.
    const before = this.#tail.length;
    const text = this.#tail + chunk.toString('latin1');
    for (const waiter of this.#waiters) {
      if (text.includes(waiter.needle, Math.max(0, before - waiter.needle.length))) waiter.found();
    }
    this.#tail = text.slice(-tailLength);
  }

  #keep(chunk: Buffer): void {
    if (this.#full) return;
    this.#full = this.#size + chunk.length > this.#limit;
    this.#write(chunk.subarray(0, this.#limit - this.#size));
    if (!this.#full) return;
    const limit = `the console printed more than ${this.#limit / 2 ** 20} MiB`;
    this.#problem ??= limit;
    this.#write(remark(`${limit}; the rest was not kept`));
  }

  #write(bytes: Buffer): void {
    if (this.#missing > 0) {
      const gap = remark(`${this.#missing} bytes are missing here: the disk was full`);
      if (this.#append(gap) < gap.length) {
        this.#missing += bytes.length;
        return;
      }
    }
    this.#missing = bytes.length - this.#append(bytes);
  }

  /** Returns how many bytes it could write. */
  #append(bytes: Buffer): number {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      // A full disk: the guest goes on, and its results say that its console is incomplete.
      this.#problem ??= `the console log could not be written: ${(error as NodeJS.ErrnoException).code}`;
    }
    this.#size += at;
    return at;
  }
}

/** A line of ours in a guest's console. */
const remark = (text: string): Buffer => Buffer.from(`\r\nringtrial: ${text}\r\n`);

/** Characters kept in memory: enough for the last screens of a boot that failed. */
const tailLength = 16 * 1024;

/** Bytes `[from, to)` of a console's file; fewer when the file is shorter. */
export function readConsole(path: string, from: number, to: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, to - from));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}
