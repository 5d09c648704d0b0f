/** A literal with the part of it that the search looks for. */
interface Pattern {
  readonly bytes: Uint8Array;
  /** Where in `bytes` the window begins. */
  readonly window: number;
}

/** How common a byte is in logs, roughly: small letters and blanks most, then digits, then all else. */
const commonness = (byte: number): number => {
  if (byte === 0x20 || (byte >= 0x61 && byte <= 0x7a)) return 3;
  return byte >= 0x30 && byte <= 0x39 ? 2 : 1;
};

/** The least common stretch of a literal, so that little else stops the search. */
function bestWindow(bytes: Uint8Array, size: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at + size <= bytes.length; at++) {
    const cost = bytes.subarray(at, at + size).reduce((sum, b) => sum + commonness(b), 0);
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/**
 * Finds the next place where any of many literals stands, reading only every few bytes
 * (the shift table of Wu and Manber's multi-pattern search, with blocks of two bytes).
 * Almost all of a log is uneventful: this is what makes reading it cheap.
 */
export class LiteralScanner {
  readonly #size: number;
  readonly #shift: Uint8Array;
  readonly #byBlock = new Map<number, Pattern[]>();

  /** Literals are at least three bytes of latin1; the shortest one bounds the speed. */
  constructor(literals: readonly string[]) {
    // What holds another literal is found with it.
    const needed = [...new Set(literals)].filter((l) => !literals.some((o) => o !== l && l.includes(o)));
    const all = needed.map((s) => Buffer.from(s, 'latin1'));
    this.#size = Math.min(...all.map((b) => b.length), 32);
    if (this.#size < 3) throw new RangeError('literals must be at least three bytes long');
    this.#shift = new Uint8Array(65536).fill(this.#size - 1);
    for (const bytes of all) this.#add(bytes);
  }

  #add(bytes: Uint8Array): void {
    const size = this.#size;
    const window = bestWindow(bytes, size);
    for (let j = 1; j < size; j++) {
      const block = (bytes[window + j - 1] ?? 0) | ((bytes[window + j] ?? 0) << 8);
      this.#shift[block] = Math.min(this.#shift[block] ?? 0, size - 1 - j);
    }
    const last = (bytes[window + size - 2] ?? 0) | ((bytes[window + size - 1] ?? 0) << 8);
    this.#byBlock.set(last, [...(this.#byBlock.get(last) ?? []), { bytes, window }]);
  }

  /**
   * Offset of a literal between `from` and `to`, or -1. No literal ends before it, but one that
   * overlaps with it may begin earlier.
   */
  find(data: Uint8Array, from: number, to: number): number {
    const shift = this.#shift;
    const size = this.#size;
    let i = from + size - 1;
    while (i < to) {
      const block = (data[i - 1] as number) | ((data[i] as number) << 8);
      const skip = shift[block] as number;
      if (skip > 0) {
        i += skip;
        continue;
      }
      const at = this.#match(data, i - size + 1, block, from, to);
      if (at >= 0) return at;
      i++;
    }
    return -1;
  }

  #match(data: Uint8Array, window: number, block: number, from: number, to: number): number {
    for (const pattern of this.#byBlock.get(block) ?? []) {
      const at = window - pattern.window;
      const { bytes } = pattern;
      if (at < from || at + bytes.length > to) continue;
      let k = 0;
      while (k < bytes.length && data[at + k] === bytes[k]) k++;
      if (k === bytes.length) return at;
    }
    return -1;
  }
}
