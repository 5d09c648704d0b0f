import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { RingtrialError } from '../../common/errors.ts';
import type { TestSide, Verdict } from '../verdict.ts';

/** The ledger cannot be opened, read or written. It is an index: nothing is lost with it. */
export class LedgerError extends RingtrialError {
  readonly code = 'LEDGER';
}

/** To be raised when a table changes. A ledger of another version is emptied. */
const version = 1;

/** Run directories are the truth; these tables only make them findable. */
const tables = `
  CREATE TABLE IF NOT EXISTS run (
    directory TEXT PRIMARY KEY, candidate TEXT NOT NULL, tree TEXT NOT NULL, tree_id TEXT NOT NULL,
    profile TEXT NOT NULL, suite TEXT NOT NULL, programs TEXT NOT NULL, repetitions INTEGER NOT NULL,
    verdict TEXT NOT NULL, summary TEXT NOT NULL, started_at TEXT NOT NULL, seconds REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS test (
    directory TEXT NOT NULL, name TEXT NOT NULL, side TEXT NOT NULL, status TEXT NOT NULL,
    runs INTEGER NOT NULL, failures INTEGER NOT NULL, PRIMARY KEY (name, directory, side)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS report (
    directory TEXT NOT NULL, signature TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    base INTEGER NOT NULL, candidate INTEGER NOT NULL, PRIMARY KEY (signature, directory)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS run_by_place ON run (tree, profile, suite, started_at);
  CREATE INDEX IF NOT EXISTS test_by_run ON test (directory);
  CREATE INDEX IF NOT EXISTS report_by_run ON report (directory);
`;

/** `$XDG_STATE_HOME/ringtrial/ledger.sqlite`, by default `~/.local/state/…`. */
export const ledgerFile = (): string =>
  path.join(
    process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'),
    'ringtrial',
    'ledger.sqlite',
  );

/** How long a writer waits for another one, milliseconds: a record takes a few. */
const busyTimeoutMs = 5_000;

/** The index over all runs of this user: one SQLite file, which any number of processes may use at once. */
export class Ledger implements Disposable {
  readonly #database: DatabaseSync;

  /** @throws LedgerError */
  constructor(file: string = ledgerFile()) {
    this.#database = trying(file, () => {
      mkdirSync(path.dirname(file), { recursive: true });
      const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
      // Readers do not wait for writers, nor writers for readers.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      if (versionOf(database) !== version) makeTables(database);
      return database;
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /**
   * Enters a run, or replaces what was entered of it.
   *
   * @param directory where the run lies now, absolute
   * @throws LedgerError
   */
  record(verdict: Verdict, directory: string): void {
    this.#transaction(() => this.#enter(verdict, directory));
  }

  /** Replaces everything that is in it, in one step. @throws LedgerError */
  replaceAll(runs: Iterable<{ readonly verdict: Verdict; readonly directory: string }>): void {
    this.#transaction(() => {
      for (const name of ['run', 'test', 'report']) this.#database.exec(`DELETE FROM ${name}`);
      for (const { verdict, directory } of runs) this.#enter(verdict, directory);
    });
  }

  /** The rows that a query gives. @throws LedgerError */
  all(query: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return trying('the ledger', () => this.#database.prepare(query).all(...values));
  }

  #transaction(work: () => void): void {
    trying('the ledger', () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #enter(verdict: Verdict, directory: string): void {
    for (const known of [directory, ...this.#copiesOf(verdict)])
      for (const name of ['run', 'test', 'report'])
        this.#database.prepare(`DELETE FROM ${name} WHERE directory = ?`).run(known);
    const { candidate, tree, profile, suite, repetitions, summary, startedAt, seconds } = verdict;
    const programs = [...new Set(verdict.tests.map(({ name }) => name.split('.')[0] ?? name))]
      .toSorted()
      .join(',');
    this.#insert('run', [
      ...[directory, candidate.name, tree.spec, tree.id, profile, suite, programs, repetitions],
      ...[verdict.verdict, summary, startedAt, seconds],
    ]);
    for (const { name, base, candidate: patched } of verdict.tests)
      for (const [side, seen] of Object.entries({ base, candidate: patched }))
        this.#insert('test', [directory, name, side, seen.status, seen.runs, failuresOf(seen)]);
    for (const { signature, kind, title, base, candidate: patched } of verdict.reports)
      this.#insert('report', [directory, signature, kind, title, base, patched]);
  }

  /** A run that was moved, or put together with others, is the same run: it counts once, where it lies now. */
  #copiesOf({ candidate, tree, profile, suite, startedAt }: Verdict): string[] {
    const rows = this.#database
      .prepare(
        'SELECT directory FROM run WHERE candidate = ? AND tree = ? AND tree_id = ? AND profile = ? AND suite = ? AND started_at = ?',
      )
      .all(candidate.name, tree.spec, tree.id, profile, suite, startedAt);
    return rows.map(({ directory }) => String(directory));
  }

  #insert(table: string, values: readonly SQLInputValue[]): void {
    const places = values.map(() => '?').join(', ');
    this.#database.prepare(`INSERT INTO ${table} VALUES (${places})`).run(...values);
  }
}

const versionOf = (database: DatabaseSync): unknown =>
  database.prepare('PRAGMA user_version').get()?.['user_version'];

function makeTables(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  // Another process may have made them while this one waited, and filled them.
  if (versionOf(database) !== version) {
    for (const name of ['run', 'test', 'report']) database.exec(`DROP TABLE IF EXISTS ${name}`);
    database.exec(`${tables}; PRAGMA user_version = ${version}`);
  }
  database.exec('COMMIT');
}

const failuresOf = ({ counts }: TestSide): number => (counts.FAIL ?? 0) + (counts.ERROR ?? 0);

function trying<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new LedgerError(
      `${what}: ${(cause as Error).message}. 'ringtrial ledger rebuild' makes the ledger anew.`,
      {
        cause,
      },
    );
  }
}
