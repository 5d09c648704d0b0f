import { createHash } from 'node:crypto';

/** Whole numbers that look like chance and follow from a seed: the same seed, the same numbers. */
export class SeededRandom {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    const digest = createHash('sha256')
      .update(`${this.#seed}/${this.#drawn++}`)
      .digest();
    return least + (digest.readUInt32BE(0) % (most - least + 1));
  }

  /** Up to `count` elements, in a random order. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    const taken: T[] = [];
    while (taken.length < count && rest.length > 0)
      taken.push(...rest.splice(this.between(0, rest.length - 1), 1));
    return taken;
  }
}
