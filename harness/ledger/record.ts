import type { Verdict } from '../verdict.ts';
import { Ledger } from './ledger.ts';

/**
 * Enters a finished run into the ledger. A ledger that cannot be written harms no trial.
 *
 * @returns what went wrong, if anything did
 */
export function recordRun(verdict: Verdict, directory: string): string | undefined {
  try {
    using ledger = new Ledger();
    ledger.record(verdict, directory);
    return undefined;
  } catch (error) {
    return `this run is not in the ledger: ${(error as Error).message}`;
  }
}
