import { expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { aPair, aRun, aVerdict } from '../../harness/output/fixtures.ts';
import type { PointResult } from '../../harness/status.ts';
import { duration } from './columns.ts';
import { designPlot } from './plot.ts';
import { measured, rowsOf } from './rows.ts';
import { markdownTable, terminalTable } from './table.ts';

type Observations = Record<string, string | number>;

/** A test point that observed something else on base than with the patch. */
function seen(name: string, base: Observations, patched: Observations): [PointResult, PointResult] {
  const entries = (values: Observations) =>
    Object.entries(values).map(([key, value]) =>
      typeof value === 'number' ? { key, value: String(value), unit: 'ns' } : { key, value },
    );
  const [program = ''] = name.split('.');
  const [was, is] = aPair(program, 'PASS');
  return [
    { ...was, name, observations: entries(base) },
    { ...is, name, observations: entries(patched) },
  ];
}

const run = aRun(
  aVerdict([
    seen(
      'thread-steps.issued-read',
      { result: 'full', memory: 'old', unregister_waited: 'yes', unregister_ms: 384 },
      { result: 'full', memory: 'old', unregister_waited: 'no', unregister_ms: 0.02 },
    ),
    seen('thread-steps.queued-read', { result: 'full', memory: 'old' }, { result: '-14', memory: 'none' }),
    seen(
      'read-throughput.inline',
      { fixed_inline_at_0_updates_p50: 2000, fixed_inline_at_1000_updates_p50: 4000 },
      { fixed_inline_at_0_updates_p50: 2500, fixed_inline_at_1000_updates_p50: 2500 },
    ),
    [...aPair('thread-steps', 'PASS', 'MISS')].map((point) => ({
      ...point,
      name: 'thread-steps.meanwhile',
    })) as [PointResult, PointResult],
  ]),
);

test('base and design answer each question, and what was not observed is no answer', () => {
  const [heading, base, patched] = terminalTable(rowsOf(run)).split('\n');
  expect(heading).toMatch(/^tree +design +read in flight +read not issued yet +unregister /);
  expect(base).toMatch(
    /^debian-6\.1\.1-1 +base +full, old memory +full, old memory +waits, 380 ms +not run +- /,
  );
  expect(base).toContain('500000 -> 250000');
  expect(patched).toMatch(/ mine +full, old memory +-14 +returns, under 1 ms +not run +MISS +not run /);
  expect(patched).toMatch(/400000 -> 400000 .*inconclusive$/);
});

test('the table in Markdown has a cell for each column', () => {
  const [heading = '', rule = '', ...rows] = markdownTable(rowsOf(run)).split('\n');
  const count = (line: string): number => line.split(' | ').length;
  expect(count(rule)).toBe(count(heading));
  expect(rows.filter((line) => line.startsWith('|')).map(count)).toEqual([count(heading), count(heading)]);
  expect(heading).toContain('io\\_uring\\_enter');
});

test('the plot is XML, with a mark for each measurement and a word where there is none', async () => {
  const svg = designPlot(rowsOf(run));
  const { errors } = await validateXML({
    xml: { fileName: 'p.svg', contents: svg },
    normalization: 'format',
  });
  expect(errors).toEqual([]);
  expect(svg.match(/<title>/g)).toHaveLength(4);
  expect(svg.match(/not measured/g)).toHaveLength(2);
  expect(svg).toContain('<title>1000: 4 µs</title>');
});

test('of several repetitions the median counts', () => {
  const [row] = rowsOf(run);
  const side = row?.tests.get('read-throughput.inline');
  const many = [10, 1000, 30].map((value) => [{ key: 'k', value: String(value) }]);
  const tests = new Map(side ? [['t', { ...side, observations: many }]] : []);
  expect(row && measured({ ...row, tests }, 't', 'k')).toBe(30);
});

test.each([
  [3.2, '3.2 ns'],
  [12_345, '12 µs'],
  [384e6, '380 ms'],
  [2.1e9, '2.1 s'],
])('%d ns is %s', (ns, text) => expect(duration(ns)).toBe(text));
