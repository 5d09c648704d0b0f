import type { Observation } from '../status.ts';
import { safe, safeLine } from '../triage/safe.ts';
import type { TestComparison, TestSide, Verdict } from '../verdict.ts';
import { certaintyText, changeCell, rateWords } from './certainty.ts';
import { renderLines } from './coverage.ts';
import {
  blindList,
  headroom,
  knownList,
  orderList,
  reportList,
  scheduleList,
  secondTryList,
} from './findings.ts';
import { measurementList } from './measurements.ts';
import { styled } from './screen.ts';
import { type Row, table } from './table.ts';

/** The verdict for people: tests with their observations, reports, and the one line at the end. */
export function renderVerdict(verdict: Verdict, stream: NodeJS.WriteStream): string {
  const found = [
    ...(verdict.tests.length > 0 ? [testTable(verdict.tests)] : []),
    ...(verdict.schedules ? [scheduleList(verdict.schedules, verdict.tests)] : []),
    ...(verdict.behaviours.length > 0 ? [behaviourList(verdict)] : []),
    ...(verdict.reports.length > 0 ? [reportList(verdict.reports)] : []),
    ...[
      knownList(verdict.knownReports),
      certaintyText(verdict),
      orderList(verdict.lockOrders),
      headroom(verdict.tests),
      blindList(verdict),
      secondTryList(verdict),
    ].filter(Boolean),
    ...(verdict.buildError ? [`The compiler's whole output: ${verdict.buildError.log}\n`] : []),
    ...(verdict.reasons.length > 1 ? [reasonList(verdict)] : []),
  ];
  // Tests and kernels said much of that, and must not move the cursor.
  const measured = [
    measurementList(verdict.measurements ?? [], stream),
    verdict.coverage ? renderLines(verdict.coverage, stream) : '',
  ].filter(Boolean);
  return [...found.map(safe), ...measured, closing(verdict, stream)].join('\n');
}

function testTable(tests: readonly TestComparison[]): string {
  const rows = tests.flatMap((test) => [
    [test.name, statusCell(test.base), statusCell(test.candidate), changeCell(test)],
    ...observationRows(test),
  ]);
  return table(['test', 'base', 'patched', ''], rows);
}

/** With repetitions, how many of them had the status shown, and which failure rate that may come from. */
const statusCell = (side: TestSide): string =>
  [
    side.status,
    ...(side.known === undefined ? [] : ['(known)']),
    ...(side.runs > 1 ? [`${side.counts[side.status] ?? 0}/${side.runs}`, ...rateWords(side)] : []),
  ].join(' ');

/** Why a test is not a plain pass; what both kernels showed alike in one line, every difference in a row of its own. */
function observationRows(test: TestComparison): Row[] {
  const why = [test.candidate, test.base].find((side) => side.reason !== undefined)?.reason;
  const keys = [
    ...new Set(
      [test.base, test.candidate].flatMap((side) => side.observations.flat().map((entry) => entry.key)),
    ),
  ];
  const shown = keys
    .map((key) => ({ key, base: observed(test.base, key), patched: observed(test.candidate, key) }))
    .filter(({ base, patched }) => base !== undefined && patched !== undefined);
  const alike = shown.filter(({ base, patched }) => base === patched);
  return [
    ...(why === undefined ? [] : [`  ${shorten(why, 150)}`]),
    ...(alike.length === 0 ? [] : [`  both ${alike.map(({ key, base }) => `${key}=${base}`).join(', ')}`]),
    ...shown
      .filter(({ base, patched }) => base !== patched)
      .map(({ key, base, patched }) => [
        `  ${key}`,
        base ?? '',
        patched ?? '',
        isExact(test, key) ? '<-' : '',
      ]),
  ];
}

const isExact = (test: TestComparison, key: string): boolean =>
  [test.base, test.candidate].some((side) =>
    side.observations.flat().some((entry) => entry.key === key && entry.unit === undefined),
  );

/** What one side showed for a key: exact values as a set, measurements as their range. */
function observed(side: TestSide, key: string): string | undefined {
  const all = side.observations.flat().filter((entry) => entry.key === key);
  const unit = all.find((entry) => entry.unit !== undefined)?.unit;
  if (all.length === 0) return undefined;
  return unit === undefined
    ? [...new Set(all.map((entry) => entry.value))].join('|')
    : `${range(all)} ${unit.replace('of-', 'of ')}`;
}

function range(entries: readonly Observation[]): string {
  const numbers = entries.map((entry) => Number(entry.value));
  if (numbers.some(Number.isNaN)) return [...new Set(entries.map((entry) => entry.value))].join('|');
  // A third of a microsecond is nobody's measurement.
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map((number) =>
    String(Math.round(number)),
  );
  return low === high ? (low ?? '') : `${low}..${high}`;
}

const behaviourList = (verdict: Verdict): string =>
  `Behaviours that the patch changes:\n${table(
    ['test', 'observation', 'base', 'patched'],
    verdict.behaviours.map((change) => [
      change.test,
      change.key,
      change.base.join('|'),
      change.candidate.join('|'),
    ]),
  )}`;

const mostReasons = 10;

/** What decided; with a rejection the doubts are only counted. */
function reasonList(verdict: Verdict): string {
  const [against, doubts] = (['reject', 'doubt'] as const).map((weight) =>
    verdict.reasons.filter((reason) => reason.weight === weight),
  );
  const shown = against?.length ? against : (doubts ?? []);
  const lines = shown.slice(0, mostReasons).map((reason) => `  ${shorten(reason.text, 160)}\n`);
  if (shown.length > mostReasons) lines.push(`  and ${shown.length - mostReasons} more, in verdict.json\n`);
  const rest =
    against?.length && doubts?.length ? `  and ${doubts.length} more doubts, in verdict.json\n` : '';
  return `Reasons:\n${lines.join('')}${rest}`;
}

const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

function closing(verdict: Verdict, stream: NodeJS.WriteStream): string {
  const colour = { accepted: 'green', rejected: 'red', inconclusive: 'yellow' } as const;
  const kernels = `${verdict.candidate.name} on ${verdict.tree.id} (${verdict.profile}, ${verdict.accelerator.name}, ${verdict.seconds.toFixed(0)} s)`;
  return `${styled(['bold', colour[verdict.verdict]], safeLine(verdict.summary), stream)}\n${passTime(verdict)}${safeLine(`${kernels}; evidence: ${verdict.directory}`)}\n`;
}

/** What one pass through the suite took, as `suite fixed-buffers: 48 programs, one pass in 63 s (base), 65 s (patched)`. */
function passTime({ pass, suite }: Verdict): string {
  const times = [
    ...(pass?.base === undefined ? [] : [`${pass.base.toFixed(0)} s (base)`]),
    ...(pass?.candidate === undefined ? [] : [`${pass.candidate.toFixed(0)} s (patched)`]),
  ];
  if (pass === undefined || times.length === 0) return '';
  const programs = `${pass.programs} program${pass.programs === 1 ? '' : 's'}`;
  return `suite ${safeLine(suite)}: ${programs}, one pass in ${times.join(', ')}\n`;
}
