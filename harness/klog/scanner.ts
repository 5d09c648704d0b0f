/**
 * Finds the next place where any of many literals may stand, reading only every few bytes
 * (the shift table of Wu and Manber's multi-pattern search, with blocks of two bytes).
 * Almost all of a log is uneventful: this is what makes reading it cheap.
 */
export class LiteralScanner {
  readonly #window: number;
  readonly #shift: Uint8Array;
  readonly #byBlock = new Map<number, Uint8Array[]>();

  /** Literals are at least three bytes of latin1; the shortest one bounds the speed. */
  constructor(literals: readonly string[]) {
    const unique = [...new Set(literals)].map((s) => Buffer.from(s, 'latin1'));
    this.#window = Math.min(...unique.map((b) => b.length), 32);
    if (this.#window < 3) throw new RangeError('literals must be at least three bytes long');
    this.#shift = new Uint8Array(65536).fill(this.#window - 1);
    for (const bytes of unique) {
      for (let j = 1; j < this.#window; j++) {
        const block = (bytes[j - 1] ?? 0) | ((bytes[j] ?? 0) << 8);
        this.#shift[block] = Math.min(this.#shift[block] ?? 0, this.#window - 1 - j);
      }
      const last = (bytes[this.#window - 2] ?? 0) | ((bytes[this.#window - 1] ?? 0) << 8);
      this.#byBlock.set(last, [...(this.#byBlock.get(last) ?? []), bytes]);
    }
  }

  /** Offset of the first literal that begins at or after `from` and ends before `to`, or -1. */
  find(data: Uint8Array, from: number, to: number): number {
    const shift = this.#shift;
    const window = this.#window;
    let i = from + window - 1;
    while (i < to) {
      const block = (data[i - 1] as number) | ((data[i] as number) << 8);
      const skip = shift[block] as number;
      if (skip > 0) {
        i += skip;
        continue;
      }
      const at = i - window + 1;
      if (this.#matches(data, at, to, block)) return at;
      i++;
    }
    return -1;
  }

  #matches(data: Uint8Array, at: number, to: number, block: number): boolean {
    for (const literal of this.#byBlock.get(block) ?? []) {
      if (at + literal.length > to) continue;
      let k = 0;
      while (k < literal.length && data[at + k] === literal[k]) k++;
      if (k === literal.length) return true;
    }
    return false;
  }
}
