import type { Found } from './scan.ts';

/** Reports that are held back so that an interrupted one, which ends late, still comes in its place. */
const WINDOW = 500;

/** Puts reports, which come as they end, into the order in which they begin. */
export class Sorter {
  #held: Found[] = [];

  /** Takes a report, and gives those that are due. */
  push(found: Found): Found[] {
    const at = this.#held.findLastIndex((other) => other.report.start <= found.report.start) + 1;
    this.#held.splice(at, 0, found);
    return this.#held.length > WINDOW ? this.#held.splice(0, 1) : [];
  }

  /** The rest. */
  end(): Found[] {
    return this.#held.splice(0);
  }
}
