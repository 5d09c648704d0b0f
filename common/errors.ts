/**
 * Exit codes of every verb, as documented in README and `--help`.
 * `SKIP` is git-bisect's code for a revision that cannot be judged.
 */
export const ExitCode = { accepted: 0, rejected: 1, usage: 2, inconclusive: 3, skip: 125 } as const;

/**
 * A fault that a user can act on. Every such fault has a subclass of its own, beside the code that
 * raises it, with a `code` that scripts may rely on and a message that says what to do.
 *
 * What a test, a build of a candidate or a guest *does* is data, never an exception.
 */
export abstract class RingtrialError extends Error {
  /** Stable, upper-case, e.g. `UNKNOWN_CANDIDATE`. */
  abstract readonly code: string;
  /** What the process exits with when nobody handles the fault. */
  readonly exitCode: number = ExitCode.usage;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
