const NEWLINE = 0x0a;
/** Bytes kept to count lines in: a report ends within so many bytes of its first line, or its line is not told. */
const KEPT = 8 << 20;
/** Lines are counted anew within blocks of 2^BLOCK bytes only. */
const BLOCK = 12;

interface Chunk {
  readonly start: number;
  /** Lines that end before this chunk. */
  readonly lines: number;
  readonly bytes: Buffer;
  /** Lines of this chunk that end before each of its blocks; the last number counts all of them. */
  readonly before: Uint32Array;
}

/** Counts the lines of a stream, and says which one an offset in its last few megabytes lies in. */
export class LineIndex {
  #chunks: Chunk[] = [];
  #bytes = 0;
  #newlines = 0;
  #open = false;

  /** Takes the next bytes and keeps them: they must not be written to any more. */
  push(bytes: Uint8Array): void {
    // Buffer's indexOf is several times faster than that of Uint8Array, and than a loop.
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const before = linesBefore(view);
    this.#chunks.push({ start: this.#bytes, lines: this.#newlines, bytes: view, before });
    this.#bytes += view.length;
    this.#newlines += before.at(-1) ?? 0;
    if (view.length > 0) this.#open = view.at(-1) !== NEWLINE;
    while (this.#chunks.length > 1 && this.#bytes - (this.#chunks[1]?.start ?? 0) >= KEPT)
      this.#chunks.shift();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Lines so far, the unfinished one included. */
  get lines(): number {
    return this.#newlines + (this.#open ? 1 : 0);
  }

  /** The number (from 1) of the line that holds the byte at `offset`; undefined when it is no longer kept. */
  lineAt(offset: number): number | undefined {
    const chunk = this.#chunks.findLast(({ start }) => start <= offset);
    if (chunk === undefined) return undefined;
    const block = (offset - chunk.start) >>> BLOCK;
    let lines = chunk.lines + (chunk.before[block] ?? 0);
    const within = chunk.bytes.subarray(block << BLOCK, offset - chunk.start);
    for (let at = within.indexOf(NEWLINE); at >= 0; at = within.indexOf(NEWLINE, at + 1)) lines++;
    return lines + 1;
  }
}

function linesBefore(bytes: Buffer): Uint32Array {
  const before = new Uint32Array((bytes.length >>> BLOCK) + 2);
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    const next = (at >>> BLOCK) + 1;
    before[next] = (before[next] ?? 0) + 1;
  }
  for (let i = 1; i < before.length; i++) before[i] = (before[i] ?? 0) + (before[i - 1] ?? 0);
  return before;
}
