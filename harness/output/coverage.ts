import type { Coverage, LineCoverage } from '../coverage/schema.ts';
import { lineRows, placeOf, programRows } from '../coverage/tables.ts';
import { neverRunLines } from '../coverage/words.ts';
import { safe, safeLine } from '../triage/safe.ts';
import { styled } from './screen.ts';
import { table } from './table.ts';

type Line = LineCoverage['files'][number]['hunks'][number]['lines'][number];

/** What ran of a patch, then the one line at the end. */
export function renderCoverage(coverage: Coverage, stream: NodeJS.WriteStream): string {
  const good = coverage.neverRun.length === 0 && coverage.unknown.length === 0;
  const where = `${coverage.candidate} on ${coverage.tree} (coverage, ${coverage.seconds.toFixed(0)} s); evidence: ${coverage.directory}`;
  const summary = styled(['bold', good ? 'green' : 'yellow'], safeLine(coverage.summary), stream);
  return `${renderLines(coverage, stream)}\n${summary}\n${safeLine(where)}\n`;
}

/** The patch with what ran of it beside each line, which programs ran which lines, and the lines that none ran. */
export function renderLines(coverage: LineCoverage, stream: NodeJS.WriteStream): string {
  const parts = [
    ...coverage.files.map((file) => annotated(file, stream)),
    lineTable(coverage),
    programTable(coverage),
    ...(coverage.unknown.length === 0
      ? []
      : [`Nobody knows what these ran, for their counters were lost: ${named(coverage.unknown)}\n`]),
    neverRunList(coverage),
  ];
  return parts.filter(Boolean).join('\n');
}

const columns = 9;

function annotated(file: LineCoverage['files'][number], stream: NodeJS.WriteStream): string {
  const hunks = file.hunks.map(({ heading, lines }) => {
    const shown = lines.map((line) => annotatedLine(line, stream)).join('');
    return `${' '.repeat(columns)}${heading}\n${shown}`;
  });
  return `${styled(['bold'], safeLine(file.path), stream)}\n${hunks.join('')}`;
}

function annotatedLine(line: Line, stream: NodeJS.WriteStream): string {
  const text = `${line.sign}${safe(line.text)}`;
  if (line.sign !== '+') return `${' '.repeat(columns)}${text}\n`;
  if (line.count === null) return `${'-'.padStart(columns - 1)} ${text}\n`;
  if (line.count === 0) return `${styled(['red'], `${'never'.padStart(columns - 1)} ${text}`, stream)}\n`;
  return `${styled(['green'], `${String(line.count).padStart(columns - 1)} ${text}`, stream)}\n`;
}

/** So many programs are named in a row of the table of lines. */
const mostNamed = 4;

/** Which programs ran which changed lines. */
function lineTable(coverage: LineCoverage): string {
  const rows = lineRows(coverage).map((row) => [safeLine(placeOf(row)), ranBy(row.programs)]);
  return rows.length === 0 ? '' : table(['changed lines', 'run by'], rows);
}

function ranBy(programs: readonly string[]): string {
  const more = programs.length - mostNamed;
  if (programs.length === 0) return 'none';
  return more > 0 ? `${named(programs.slice(0, mostNamed))} and ${more} more` : named(programs);
}

/** How much of the patch each program ran, the most first. */
function programTable(coverage: LineCoverage): string {
  const rows = programRows(coverage).map(({ program, lines, alone }) => [
    safeLine(program),
    `${lines} of ${coverage.changed}`,
    alone === 0 ? '' : `${alone}`,
  ]);
  return rows.length === 0 ? '' : table(['program', 'changed lines run', 'by it alone'], rows);
}

const named = (programs: readonly string[]): string => programs.map(safeLine).join(', ');

function neverRunList(coverage: LineCoverage): string {
  const lines = neverRunLines(coverage).map((line) => `  ${safeLine(line)}\n`);
  return lines.length === 0 ? '' : `Never run:\n${lines.join('')}`;
}
