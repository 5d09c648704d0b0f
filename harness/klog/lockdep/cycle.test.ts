import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isFull } from '../corpus.ts';
import type { KernelReport } from '../index.ts';
import { explain, readLog } from '../index.ts';

const THREE = readFileSync(new URL('../goldens/6.1/circular_three.log', import.meta.url), 'latin1').split(
  '\n',
);

/** The report of a circle of three without the lines from one that holds `from` up to one that holds `to`. */
function without(from: string, to: string): KernelReport {
  const start = THREE.findIndex((line) => line.includes(from));
  const end = THREE.findIndex((line, i) => i > start && line.includes(to));
  const [report] = readLog([...THREE.slice(0, start), ...THREE.slice(end)].join('\n'));
  if (report === undefined) throw new Error('no report');
  return report;
}

const told = (report: KernelReport): unknown => ({
  cycle: report.lockdep?.cycle.map((c) => c.name),
  edges: report.lockdep?.edges.map((e) => `${e.how} ${e.acquiredIn}`),
  abridged: report.lockdep?.abridged,
  full: isFull(report),
});

describe('a circle that lost links on the way to the log', () => {
  test('the one below the held lock is told by the line of names', () => {
    expect(told(without('-> #1 (', '-> #0 ('))).toEqual({
      cycle: ['table_lock', 'file_lock', 'map_sem'],
      edges: ['recorded undefined', 'recorded map_under_file', 'new table_under_map'],
      abridged: 1,
      full: true,
    });
  });

  test('the lock that is wanted stands above, and its stack below', () => {
    expect(told(without('-> #0 (', 'other info that might'))).toEqual({
      cycle: ['table_lock', 'file_lock', 'map_sem'],
      edges: ['recorded file_under_table', 'recorded map_under_file', 'new table_under_map'],
      abridged: 1,
      full: true,
    });
  });

  test('a class that nothing names is a gap', () => {
    const report = without('-> #1 (', 'stack backtrace:');
    expect(told(report)).toEqual({
      cycle: ['table_lock', '...', 'map_sem'],
      edges: ['recorded undefined', 'recorded map_under_file', 'new table_under_map'],
      abridged: 2,
      full: true,
    });
    expect(report.signature).toBe('lockdep.circular: ... -> map_sem -> table_lock');
    expect(explain(report).join('\n')).toContain('The log lost 2 of its links');
  });

  test('without the link of the held lock nobody knows how many there were', () => {
    const report = without('-> #2 (', '-> #1 (');
    expect(told(report)).toEqual({ cycle: [], edges: [], abridged: undefined, full: false });
    expect(report.lockdep?.incomplete).toBe('links of the dependency chain');
  });
});
