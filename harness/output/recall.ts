import type { MutantRow, Recall } from '../recall/schema.ts';
import { safeLine } from '../triage/safe.ts';
import { styled } from './screen.ts';
import { table } from './table.ts';

/** What the suite caught of the mutants, by what, how fast; then how quiet it was on their bases. */
export function renderRecall(recall: Recall, stream: NodeJS.WriteStream): string {
  const rows = recall.mutants.flatMap((row) => [
    [row.mutant.replace(/^mutants\//, ''), row.tree, row.profile, row.result, heard(row), effort(row)],
    ...evidence(row),
  ]);
  const bases = recall.bases.map((base) => [
    base.tree,
    base.profile,
    `${base.repetitions}`,
    `${base.points}`,
    base.missed === 0 ? '' : `${base.missed} not observed`,
    base.alarms.length === 0 ? 'none' : base.alarms.map(safeLine).join('; '),
  ]);
  const missed = recall.mutants.some(({ result }) => result !== 'caught');
  const noisy = recall.bases.some(({ alarms }) => alarms.length > 0);
  return [
    table(['mutant', 'tree', 'profile', '', 'detector', 'after'], rows),
    table(['base', 'profile', 'runs', 'points', '', 'false alarms'], bases),
    `${styled(['bold', missed || noisy ? 'red' : 'green'], recall.summary, stream)}\n`,
  ].join('\n');
}

const heard = ({ how, expected }: MutantRow): string => {
  const detectors = [...new Set(how.map(({ detector }) => detector))];
  const other = expected.length > 0 && !detectors.some((detector) => expected.includes(detector));
  return `${detectors.join(', ')}${detectors.length > 0 && other ? ` (expected ${expected.join(' or ')})` : ''}`;
};

const effort = ({ result, repetitions, seconds }: MutantRow): string =>
  result === 'not tried' ? '' : `${repetitions} run${repetitions === 1 ? '' : 's'}, ${seconds.toFixed(0)} s`;

function evidence({ how, problem }: MutantRow): string[] {
  const first = how[0];
  const text = problem ?? (first === undefined ? undefined : first.text);
  if (text === undefined) return [];
  const line = safeLine(text);
  return [`  ${line.length > 150 ? `${line.slice(0, 149)}…` : line}`];
}
