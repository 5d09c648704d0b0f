const NEWLINE = 0x0a;
/** Bytes kept to count lines in: a report ends within so many bytes of its first line, or its line is not told. */
const KEPT = 8 << 20;

interface Chunk {
  readonly start: number;
  /** Lines that end before this chunk. */
  readonly lines: number;
  readonly bytes: Uint8Array;
}

/** Counts the lines of a stream, and says which one an offset in its last few megabytes lies in. */
export class LineIndex {
  #chunks: Chunk[] = [];
  #bytes = 0;
  #newlines = 0;
  #open = false;

  /** Takes the next bytes and keeps them: they must not be written to any more. */
  push(bytes: Uint8Array): void {
    this.#chunks.push({ start: this.#bytes, lines: this.#newlines, bytes });
    this.#bytes += bytes.length;
    this.#newlines += newlinesIn(bytes, bytes.length);
    if (bytes.length > 0) this.#open = bytes.at(-1) !== NEWLINE;
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
    return chunk && chunk.lines + newlinesIn(chunk.bytes, offset - chunk.start) + 1;
  }
}

function newlinesIn(bytes: Uint8Array, end: number): number {
  // Buffer's indexOf is several times faster than that of Uint8Array, and than a loop.
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  let count = 0;
  for (let at = view.indexOf(NEWLINE); at >= 0; at = view.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
