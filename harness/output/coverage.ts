import type { Coverage } from '../coverage/schema.ts';
import { safe } from '../triage/safe.ts';
import { styled } from './screen.ts';
import { table } from './table.ts';

type Line = Coverage['files'][number]['hunks'][number]['lines'][number];

/** The patch with what ran of it beside each line, then what each program ran, then the one line at the end. */
export function renderCoverage(coverage: Coverage, stream: NodeJS.WriteStream): string {
  const parts = [
    ...coverage.files.map((file) => annotated(file, stream)),
    programTable(coverage),
    ...(coverage.unknown.length === 0
      ? []
      : [`Nobody knows what these ran, for their counters were lost: ${coverage.unknown.join(', ')}\n`]),
    closing(coverage, stream),
  ];
  return parts.filter(Boolean).join('\n');
}

const columns = 9;

function annotated(file: Coverage['files'][number], stream: NodeJS.WriteStream): string {
  const hunks = file.hunks.map(({ heading, lines }) => {
    const shown = lines.map((line) => annotatedLine(line, stream)).join('');
    return `${' '.repeat(columns)}${heading}\n${shown}`;
  });
  return `${styled(['bold'], file.path, stream)}\n${hunks.join('')}`;
}

function annotatedLine(line: Line, stream: NodeJS.WriteStream): string {
  const text = `${line.sign}${safe(line.text)}`;
  if (line.sign !== '+') return `${' '.repeat(columns)}${text}\n`;
  if (line.count === null) return `${'-'.padStart(columns - 1)} ${text}\n`;
  if (line.count === 0) return `${styled(['red'], `${'never'.padStart(columns - 1)} ${text}`, stream)}\n`;
  return `${styled(['green'], `${String(line.count).padStart(columns - 1)} ${text}`, stream)}\n`;
}

/** How much of the patch each program ran, the most first. */
function programTable({ files }: Coverage): string {
  const code = files.flatMap(({ hunks }) =>
    hunks.flatMap(({ lines }) => lines.filter(({ sign, count }) => sign === '+' && count !== null)),
  );
  if (code.length === 0) return '';
  const names = [...new Set(code.flatMap(({ programs }) => programs))];
  const rows = names
    .map((name) => ({ name, lines: code.filter(({ programs }) => programs.includes(name)) }))
    .toSorted((a, b) => b.lines.length - a.lines.length)
    .map(({ name, lines }) => {
      const alone = lines.filter(({ programs }) => programs.length === 1).length;
      return [name, `${lines.length} of ${code.length}`, alone === 0 ? '' : `${alone}`];
    });
  return table(['program', 'changed lines run', 'by it alone'], rows);
}

function closing(coverage: Coverage, stream: NodeJS.WriteStream): string {
  const never = coverage.neverRun.map(({ path, line, text }) => `  ${path}:${line}: ${safe(text.trim())}\n`);
  const list = never.length === 0 ? '' : `Never run:\n${never.join('')}\n`;
  const good = coverage.neverRun.length === 0 && coverage.unknown.length === 0;
  const where = `${coverage.candidate} on ${coverage.tree} (coverage, ${coverage.seconds.toFixed(0)} s); evidence: ${coverage.directory}`;
  return `${list}${styled(['bold', good ? 'green' : 'yellow'], coverage.summary, stream)}\n${where}\n`;
}
