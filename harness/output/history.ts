import type { History } from '../ledger/history.ts';
import { safeLine } from '../triage/safe.ts';
import { table } from './table.ts';

/** What became of tests and reports over time, the newest run last. */
export function renderHistory({ tests, signatures }: History): string {
  const ofTests = Object.entries(tests).map(([name, entries]) => {
    const rows = entries.map(({ date, treeId, profile, candidate, side, status, runs, failures, run }) => [
      ...[day(date), treeId, profile, side === 'base' ? 'base' : candidate],
      ...[status, failures === 0 ? '' : `${failures} of ${runs} failed`, run],
    ]);
    return `${safeLine(name)}\n${table(['date', 'tree', 'profile', 'kernel', '', '', 'evidence'], rows)}`;
  });
  const ofReports = Object.entries(signatures).map(([signature, entries]) => {
    const rows = entries.map(({ date, treeId, profile, candidate, status, run }) => [
      ...[day(date), treeId, profile, candidate, status === 'neither' ? '' : `on ${status}`, run],
    ]);
    return `${safeLine(signature)}\n${table(['date', 'tree', 'profile', 'candidate', 'seen', 'evidence'], rows)}`;
  });
  return [...ofTests, ...ofReports].join('\n');
}

/** To the minute, UTC. */
const day = (date: string): string => date.slice(0, 16).replace('T', ' ');
