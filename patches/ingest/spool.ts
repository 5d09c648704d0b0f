import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RingtrialError } from '../../common/errors.ts';

/** What was given is too large to be looked through, packed or not. */
export class InputTooLargeError extends RingtrialError {
  readonly code = 'INPUT_TOO_LARGE';
}

/** The input cannot be read as what it says it is. */
export class UnreadableInputError extends RingtrialError {
  readonly code = 'UNREADABLE_INPUT';
}

/** A year of a busy list is a tenth of this. */
const usualLargest = 1024 * 1024 * 1024;

/** Temporary files for what cannot be read twice where it is: streams and compressed archives. */
export class Spool implements AsyncDisposable {
  readonly dir: string;
  readonly #largest: number;
  #count = 0;

  private constructor(dir: string, largest: number) {
    this.dir = dir;
    this.#largest = largest;
  }

  /** @param largest how many bytes one stream may have; by default 1 GiB */
  static async open(largest: number = usualLargest): Promise<Spool> {
    return new Spool(await mkdtemp(path.join(tmpdir(), 'ringtrial-ingest-')), largest);
  }

  /** A path for a file that does not exist yet. */
  newFile(): string {
    this.#count += 1;
    return path.join(this.dir, String(this.#count));
  }

  /**
   * Writes a stream to a file of its own.
   *
   * @throws InputTooLargeError when it is larger than allowed; what was written is gone then.
   */
  async keep(from: NodeJS.ReadableStream, name: string, signal: AbortSignal | undefined): Promise<string> {
    const file = this.newFile();
    try {
      await pipeline(from, new Limit(name, this.#largest), createWriteStream(file), {
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    return file;
  }

  /** The file itself, or when it is compressed with gzip, as list archives are, its content. */
  async unpacked(file: string, name: string, signal: AbortSignal | undefined): Promise<string> {
    const handle = await open(file);
    const magic = Buffer.alloc(2);
    await handle.read(magic, 0, 2, 0);
    await handle.close();
    if (magic[0] !== 0x1f || magic[1] !== 0x8b) return file;
    const gunzip = createGunzip();
    const source = createReadStream(file);
    source.on('error', (error) => gunzip.destroy(error));
    try {
      return await this.keep(source.pipe(gunzip), name, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof RingtrialError) throw cause;
      throw new UnreadableInputError(
        `${name} looks compressed, but it cannot be unpacked: ${String(cause)}.`,
        {
          cause,
        },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

class Limit extends Transform {
  readonly #name: string;
  readonly #largest: number;
  #bytes = 0;

  constructor(name: string, largest: number) {
    super();
    this.#name = name;
    this.#largest = largest;
  }

  override _transform(block: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += block.length;
    if (this.#bytes <= this.#largest) {
      done(null, block);
      return;
    }
    const size = `${Math.round(this.#largest / 1024 / 1024)} MiB`;
    done(
      new InputTooLargeError(
        `${this.#name} is more than ${size} when unpacked. Take the thread or the month that matters.`,
      ),
    );
  }
}
