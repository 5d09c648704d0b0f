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
  /** The last answer: reports come in near order, so the next count begins there. */
  #last: { readonly chunk: Chunk; readonly offset: number; readonly lines: number } | undefined;

  /** Takes the next bytes and keeps them: they must not be written to any more. */
  push(bytes: Uint8Array): void {
    this.#chunks.push({ start: this.#bytes, lines: this.#newlines, bytes });
    this.#bytes += bytes.length;
    this.#newlines += newlinesIn(bytes);
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
    if (chunk === undefined) return undefined;
    const known = this.#last?.chunk === chunk && this.#last.offset <= offset ? this.#last : undefined;
    const from = known?.offset ?? chunk.start;
    const between = chunk.bytes.subarray(from - chunk.start, offset - chunk.start);
    const lines = (known?.lines ?? chunk.lines) + newlinesIn(between);
    this.#last = { chunk, offset, lines };
    return lines + 1;
  }
}

function newlinesIn(bytes: Uint8Array): number {
  // Buffer's indexOf is several times faster than that of Uint8Array, and than a loop.
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  for (let at = view.indexOf(NEWLINE); at >= 0; at = view.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
