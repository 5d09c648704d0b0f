import { historyOf, type ReportEntry, type TestEntry } from '../../ledger/history.ts';
import { LedgerError } from '../../ledger/ledger.ts';
import type { LoadedTrial } from '../../load-run.ts';
import type { PastRun } from './document.ts';
import { type History, longestHistory } from './history.ts';

interface Known {
  readonly tests: Readonly<Record<string, readonly TestEntry[]>>;
  readonly signatures: Readonly<Record<string, readonly ReportEntry[]>>;
}

const nothing: Known = { tests: {}, signatures: {} };

/** What the ledger knows of the runs before each trial, under the same candidate, tree, profile and suite. A page is written without it, too. */
export function ledgerHistory(): History {
  const asked = new Map<LoadedTrial, Known>();
  const of = (trial: LoadedTrial): Known => {
    const known = asked.get(trial) ?? askLedger(trial);
    asked.set(trial, known);
    return known;
  };
  return {
    test: (trial, name) =>
      before(trial, of(trial).tests[name] ?? [])
        .filter(({ side }) => side === 'candidate')
        .map(({ run, date, status }): PastRun => ({ run, date, status })),
    signature: (trial, signature) =>
      before(trial, of(trial).signatures[signature] ?? []).map(
        ({ run, date, patched }): PastRun => ({ run, date, status: patched > 0 ? 'seen' : 'not seen' }),
      ),
  };
}

function askLedger({ verdict, candidate, tree, profile, suite }: LoadedTrial): Known {
  if (verdict === undefined) return nothing;
  try {
    return historyOf({
      tests: verdict.tests.map(({ name }) => name),
      signatures: verdict.reports.map(({ signature }) => signature),
      ...{ candidate, tree, profile, suite },
      // The trial itself is one of them.
      limit: longestHistory + 1,
    });
  } catch (error) {
    if (error instanceof LedgerError) return nothing;
    throw error;
  }
}

const before = <Entry extends { readonly date: string }>(
  { verdict }: LoadedTrial,
  entries: readonly Entry[],
): Entry[] => entries.filter(({ date }) => verdict !== undefined && date < verdict.startedAt);
