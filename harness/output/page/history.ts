import type { LoadedTrial } from '../../load-run.ts';
import type { PastRun } from './document.ts';

/** What earlier runs said of a test or of a report's signature under the same candidate, tree, profile and suite. The oldest first. */
export interface History {
  test(trial: LoadedTrial, name: string): readonly PastRun[];
  signature(trial: LoadedTrial, signature: string): readonly PastRun[];
}

export const noHistory: History = { test: () => [], signature: () => [] };

/** Nobody looks further back in a sparkline. */
export const longestHistory = 40;

const letters: Record<PastRun['status'], string> = {
  FAIL: 'F',
  ERROR: 'E',
  MISS: 'M',
  PASS: 'P',
  SKIP: 'S',
  seen: 'x',
  'not seen': '-',
};

/** A letter for each run. */
export const historyLetters = (past: readonly PastRun[]): string =>
  past.map(({ status }) => letters[status]).join('');
