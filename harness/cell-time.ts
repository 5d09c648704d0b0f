/** What takes a cell's time and is not the harness's own work. */
export interface CellParts {
  /** Until there is a guest: a fork or a boot, if it takes one. */
  readonly guest: number;
  readonly program: number;
  /** What the guest is asked afterwards: lockdep's tables, taint, blocked tasks. */
  readonly questions: number;
}

/** Where the time of a cell goes, in milliseconds. */
export class CellTime {
  readonly #started = performance.now();
  readonly #parts = { guest: 0, program: 0, questions: 0 };

  async of<T>(part: keyof CellParts, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.#parts[part] += performance.now() - from;
    }
  }

  get milliseconds(): number {
    return Math.round(performance.now() - this.#started);
  }

  get parts(): CellParts {
    const { guest, program, questions } = this.#parts;
    return { guest: Math.round(guest), program: Math.round(program), questions: Math.round(questions) };
  }
}
