import type { SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import { statuses } from '../status.ts';
import { Ledger } from './ledger.ts';

const place = {
  /** The run's directory. */
  run: z.string(),
  /** When it began, ISO 8601. */
  date: z.string(),
  candidate: z.string(),
  /** As it was asked for, `debian:6.1`, and what it was then. */
  tree: z.string(),
  treeId: z.string(),
  profile: z.string(),
};

const testEntry = z.object({
  ...place,
  side: z.enum(['base', 'candidate']),
  status: z.enum(statuses),
  /** Repetitions, and how many of them failed. */
  runs: z.number().int(),
  failures: z.number().int(),
});

const reportEntry = z.object({
  ...place,
  /** Which kernel printed it. `neither`: the run was there, and the report was not. */
  status: z.enum(['base', 'candidate', 'both', 'neither']),
  /** How often each did. */
  base: z.number().int(),
  patched: z.number().int(),
});

/** What `ringtrial ledger history --json` prints. */
export const historySchema = z.object({
  schema: z.literal('ringtrial.history/1'),
  /** By the test's name, the oldest run first. */
  tests: z.record(z.string(), z.array(testEntry)),
  /** By the report's signature, the oldest run first. */
  signatures: z.record(z.string(), z.array(reportEntry)),
});

export type History = z.infer<typeof historySchema>;
export type TestEntry = z.infer<typeof testEntry>;
export type ReportEntry = z.infer<typeof reportEntry>;

/** Whose history, and of which runs. */
export interface HistoryQuestion {
  readonly tests?: readonly string[] | undefined;
  readonly signatures?: readonly string[] | undefined;
  /** Only runs on it, `debian:6.1`. */
  readonly tree?: string | undefined;
  readonly candidate?: string | undefined;
  readonly profile?: string | undefined;
  readonly suite?: string | undefined;
  /** At most so many runs, the newest; 200 by default. */
  readonly limit?: number | undefined;
}

/** The columns of a run, by the names that an entry has for them. */
const ofRun = 'directory AS run, started_at AS date, candidate, tree, tree_id AS treeId, profile';

/**
 * What the ledger knows of tests and kernel reports.
 *
 * @throws LedgerError
 */
export function historyOf(question: HistoryQuestion, file?: string): History {
  using ledger = new Ledger(file);
  const { tests = [], signatures = [] } = question;
  const history: History = { schema: 'ringtrial.history/1', tests: {}, signatures: {} };
  for (const test of tests) history.tests[test] = ofTest(ledger, test, question);
  for (const signature of signatures)
    history.signatures[signature] = ofSignature(ledger, signature, question);
  return history;
}

function ofTest(ledger: Ledger, name: string, question: HistoryQuestion): TestEntry[] {
  const { where, values, limit } = conditions(question);
  const rows = ledger.all(
    `SELECT ${ofRun}, side, status, runs, failures FROM test JOIN run USING (directory)
     WHERE name = ? AND ${where} ORDER BY started_at DESC, directory, side DESC LIMIT ?`,
    ...[name, ...values, 2 * limit],
  );
  return z.array(testEntry).parse(rows).toReversed();
}

/** Of all runs under a suite that ever showed it: where it did not show is as telling as where it did. */
function ofSignature(ledger: Ledger, signature: string, question: HistoryQuestion): ReportEntry[] {
  const { where, values, limit } = conditions(question);
  const rows = ledger.all(
    `SELECT ${ofRun}, coalesce(seen.base, 0) AS base, coalesce(seen.candidate, 0) AS patched
     FROM run LEFT JOIN (SELECT directory, base, candidate FROM report WHERE signature = ?) AS seen USING (directory)
     WHERE suite IN (SELECT suite FROM report JOIN run USING (directory) WHERE signature = ?) AND ${where}
     ORDER BY started_at DESC, directory LIMIT ?`.replaceAll('candidate, tree,', 'run.candidate, tree,'),
    ...[signature, signature, ...values, limit],
  );
  return z
    .array(reportEntry)
    .parse(rows.map((row) => ({ ...row, status: seenOn(Number(row['base']), Number(row['patched'])) })))
    .toReversed();
}

const seenOn = (base: number, patched: number): ReportEntry['status'] =>
  base > 0 ? (patched > 0 ? 'both' : 'base') : patched > 0 ? 'candidate' : 'neither';

function conditions(question: HistoryQuestion): { where: string; values: SQLInputValue[]; limit: number } {
  const asked = (['tree', 'candidate', 'profile', 'suite'] as const).flatMap((column) => {
    const value = question[column];
    return value === undefined ? [] : [[`run.${column} = ?`, value] as const];
  });
  return {
    where: asked.map(([condition]) => condition).join(' AND ') || 'true',
    values: asked.map(([, value]) => value),
    limit: question.limit ?? 200,
  };
}

/** The name of a test, or the signature, that the ledger knows and that was meant. */
export function knownAs(
  subject: string,
  file?: string,
): { readonly tests: string[]; readonly signatures: string[] } {
  using ledger = new Ledger(file);
  const tests = ledger
    .all('SELECT DISTINCT name FROM test WHERE name = ?', subject)
    .map(({ name }) => String(name));
  const signatures = ledger
    .all('SELECT DISTINCT signature FROM report WHERE signature = ?', subject)
    .map(({ signature }) => String(signature));
  return { tests, signatures };
}

/** Tests and signatures that have a word in them, for a message. */
export function namesLike(word: string, file?: string): string[] {
  using ledger = new Ledger(file);
  const pattern = `%${word.replaceAll(/[%_\\]/g, '\\$&')}%`;
  const rows = ledger.all(
    `SELECT DISTINCT name FROM test WHERE name LIKE ?1 ESCAPE '\\'
     UNION SELECT DISTINCT signature FROM report WHERE signature LIKE ?1 ESCAPE '\\' OR title LIKE ?1 ESCAPE '\\' LIMIT 10`,
    pattern,
  );
  return rows.map(({ name }) => String(name));
}
