import type { RunChange, RunComparison } from '../compare-runs.ts';
import { cell, code } from './gfm.ts';

const most = 200;

/** How a run differs from an earlier one, in GitHub's Markdown; text of guests stands in code only. */
export function comparisonMarkdown({
  regressions,
  lost,
  improvements,
  notes,
  compared,
}: RunComparison): string {
  const parts = [
    `${compared} trial${compared === 1 ? '' : 's'} compared: ${[
      `${regressions.length} got worse`,
      `${lost.length} could not be told`,
      `${improvements.length} got better`,
    ].join(', ')}.`,
    ...changeList('Worse', regressions),
    ...changeList('Not to be told any more', lost),
    ...changeList('Better', improvements),
    ...(notes.length > 0 ? [notes.map((note) => `- ${code(note)}`).join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function changeList(title: string, changes: readonly RunChange[]): string[] {
  if (changes.length === 0) return [];
  const rows = changes
    .slice(0, most)
    .map(({ trial, subject, text }) => `| ${[subject, text, trial].map(cell).join(' | ')} |`);
  const more = changes.length > most ? [`\nand ${changes.length - most} more`] : [];
  return [[`### ${title}`, '', '| what | how | trial |', '| --- | --- | --- |', ...rows, ...more].join('\n')];
}
