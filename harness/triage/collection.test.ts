import { expect, test } from 'vitest';
import { type KernelReport, readLog } from '../klog/index.ts';
import { Collection } from './collection.ts';
import { golden } from './fixtures.ts';

const reports = readLog(golden('inversion.console.txt'));
const report = reports[0] as KernelReport;
const found = (change: Partial<KernelReport> = {}): { report: KernelReport; line: number } => ({
  report: { ...report, ...change },
  line: 1,
});

test('equal reports are one entry with its places', () => {
  const collection = new Collection();
  collection.add(found(), 'a');
  collection.add(found({ start: report.start + 9 }), 'b');
  expect(collection.entries).toMatchObject([{ count: 2, files: 2, places: [{ file: 'a' }, { file: 'b' }] }]);
});

test('a replay of the console counts for nothing', () => {
  const collection = new Collection();
  collection.add(found(), 'a');
  expect(collection.add(found({ replay: true }), 'a')).toBeUndefined();
  expect(collection.counts).toEqual({ bug: 1, warning: 0, info: 0 });
});

test('the whole report is shown when a torn one came first', () => {
  const collection = new Collection();
  collection.add(found({ corrupted: 'cut', text: 'torn' }), 'a');
  collection.add(found({ text: 'whole' }), 'b');
  expect(collection.entries[0]).toMatchObject({
    report: { text: 'whole' },
    places: [{ file: 'b' }, { file: 'a' }],
  });
});

test('the order is that of the logs, not that of the reports ending', () => {
  const collection = new Collection();
  for (const one of reports.toReversed()) collection.add({ report: one, line: 1 }, 'a');
  collection.add(found({ signature: 'other', start: 0 }), 'b');
  const starts = collection.entries.map(({ places }) => `${places[0]?.file}${places[0]?.start}`);
  expect(starts).toEqual([
    ...reports
      .map(({ start }) => start)
      .toSorted((a, b) => a - b)
      .map((start) => `a${start}`),
    'b0',
  ]);
});

test('a flood of different reports is counted and not kept', () => {
  const collection = new Collection();
  for (let i = 0; i < 3000; i++) collection.add(found({ signature: String(i) }), 'a');
  for (let i = 0; i < 100; i++) collection.add(found({ signature: '1', start: i }), 'a');
  expect(collection.entries).toHaveLength(1000);
  expect(collection.left).toBe(2000);
  expect(collection.entries.reduce((sum, { count }) => sum + count, 0)).toBe(1100);
  expect(Math.max(...collection.entries.map(({ places }) => places.length))).toBe(50);
});
