import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { readVerdict } from '../read-verdict.ts';
import { runsRoot } from '../run-directory.ts';
import type { Verdict } from '../verdict.ts';
import { Ledger } from './ledger.ts';

/** A run directory holds no run below its own files; a matrix's trials lie two levels below it. */
const depth = 4;

/**
 * Makes the ledger anew from the run directories: those below `runsRoot()`, those that the ledger knew
 * elsewhere and that are still there, and those below the given directories.
 *
 * @returns how many runs it holds
 * @throws LedgerError
 */
export function rebuildLedger(directories: readonly string[] = [], file?: string): number {
  using ledger = new Ledger(file);
  const known = ledger.all('SELECT directory FROM run').map(({ directory }) => String(directory));
  const places = [runsRoot(), ...directories.map((each) => path.resolve(each)), ...known];
  const runs = new Map<string, Verdict>();
  for (const place of places) for (const directory of runsBelow(place, depth)) addRun(runs, directory);
  ledger.replaceAll([...runs].map(([directory, verdict]) => ({ directory, verdict })));
  return runs.size;
}

function addRun(runs: Map<string, Verdict>, directory: string): void {
  const verdict = readVerdict(directory);
  if (verdict) runs.set(directory, verdict);
}

/** Run directories at and below a directory. Links are not followed: what they lead to is found where it lies. */
function runsBelow(directory: string, levels: number): string[] {
  let entries: readonly import('node:fs').Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  if (entries.some(({ name }) => name === 'verdict.json')) return [realpathSync(directory)];
  if (levels === 0) return [];
  return entries
    .filter((entry) => entry.isDirectory() && !/\.interrupted-\d+$/.test(entry.name))
    .flatMap(({ name }) => runsBelow(path.join(directory, name), levels - 1));
}
