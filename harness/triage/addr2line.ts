import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { MissingToolError } from '../../vm/kernel/index.ts';

/** A place in the source, with the function that stands there. */
export interface SourcePlace {
  readonly func: string;
  /** As the compiler was given it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** An address that is nowhere: its answer marks the end of the one before. */
const END = '0xffffffffffffffff';

/**
 * One addr2line(1) of binutils that is kept open, for starting it means reading all of an image's
 * debug information. Addresses go in through its standard input, one at a time.
 */
export class Addr2line implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * @param section of an object file, to which addresses are relative; undefined for an image
   * @throws MissingToolError
   */
  static async open(file: string, section?: string): Promise<Addr2line> {
    const args = [
      '--addresses',
      '--functions',
      '--inlines',
      `--exe=${file}`,
      ...(section === undefined ? [] : [`--section=${section}`]),
    ];
    const child = spawn('addr2line', args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    // It ends with its input; a write after that must not end this process.
    child.stdin.on('error', () => {});
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? new MissingToolError('binutils (addr2line)', 'find source lines')
        : cause;
    }
    return new Addr2line(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    this.#child.stdin.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
  }

  /** Where an address is in the source: the innermost inlined function first, the one of the symbol last. Empty when unknown. */
  at(address: bigint): Promise<SourcePlace[]> {
    const answer = this.#busy.then(() => this.#ask(address));
    this.#busy = answer.catch(() => {});
    return answer;
  }

  async #ask(address: bigint): Promise<SourcePlace[]> {
    this.#child.stdin.write(`0x${address.toString(16)}\n${END}\n`);
    const places: SourcePlace[] = [];
    await this.#line();
    for (;;) {
      const func = await this.#line();
      if (func === END) break;
      const place = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(await this.#line());
      const line = Number(place?.[2]);
      if (place !== null && place[1] !== '??' && line > 0) places.push({ func, file: place[1] ?? '', line });
    }
    await this.#line();
    await this.#line();
    return places;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`addr2line ended (${this.#child.exitCode ?? this.#child.signalCode})`);
    return value;
  }
}
