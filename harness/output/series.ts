import type { Bisect } from '../series/bisect.ts';
import type { SeriesVerdict } from '../series/each.ts';
import { safeLine } from '../triage/safe.ts';
import { styled } from './screen.ts';
import { table } from './table.ts';

const colours = { accepted: 'green', rejected: 'red', inconclusive: 'yellow' } as const;

/** Of what a patch brings so many lines are shown; series.json has the rest. */
const mostBrought = 5;

/** A series patch by patch: the verdict after each, and what each brings. */
export function renderSeries(series: SeriesVerdict, stream: NodeJS.WriteStream): string {
  const rows = series.steps.flatMap(({ patch, verdict, brings }) => [
    [
      patch,
      verdict.verdict,
      verdict.behaviours.length === 0 ? '' : String(verdict.behaviours.length),
      verdict.directory,
    ],
    ...brings.slice(0, mostBrought).map((text) => `  ${safeLine(text).slice(0, 150)}`),
    ...(brings.length > mostBrought ? [`  and ${brings.length - mostBrought} more`] : []),
  ]);
  const last = series.steps.at(-1)?.verdict.verdict ?? 'accepted';
  return [
    table(['up to patch', 'verdict', 'behaviours changed', 'evidence'], rows),
    `${styled(['bold', colours[last]], safeLine(series.summary), stream)}\n`,
  ].join('\n');
}

/** What a search by halves tried, and what it found. */
export function renderBisect(found: Bisect, stream: NodeJS.WriteStream): string {
  const { seen, passes, confidence } = found;
  const rows = found.steps.map(({ patch, result, why }) => [patch, result, safeLine(why).slice(0, 120)]);
  return [
    `Looking for: ${safeLine(found.failure)}\n`,
    `The whole series showed it in ${seen.failures} of ${seen.runs} runs; ${passes} pass${passes === 1 ? '' : 'es'} in a row make a step good (confidence ${confidence}).\n\n`,
    table(['up to patch', '', 'why'], rows),
    `\n${styled(['bold', found.first === null ? 'yellow' : 'green'], found.summary, stream)}\n`,
    `evidence: ${found.directory}\n`,
  ].join('');
}
