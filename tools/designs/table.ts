import { columns, explanations } from './columns.ts';
import type { DesignRow } from './rows.ts';

const headings = ['tree', 'design', ...columns.map(({ title }) => title)];

const cells = (row: DesignRow): string[] => [
  row.tree,
  row.design,
  ...columns.map(({ answer }) => answer(row)),
];

/** The answers as a table for people, each column as wide as it must be. */
export function terminalTable(rows: readonly DesignRow[]): string {
  const all = [headings, ...rows.map(cells)].map((row) => row.map(shown));
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${[...lines, '', ...explanations].join('\n')}\n`;
}

/** The same in Markdown. */
export function markdownTable(rows: readonly DesignRow[]): string {
  const line = (row: readonly string[]): string =>
    `| ${row.map((text) => shown(text).replaceAll(/[|\\`<*_[]/g, '\\$&')).join(' | ')} |`;
  return [
    line(headings),
    line(headings.map(() => '---')).replaceAll('\\', ''),
    ...rows.map((row) => line(cells(row))),
    '',
    ...explanations.map((text) => `- ${text}`),
    '',
  ].join('\n');
}

/** What a guest prints must not move the cursor. */
const shown = (text: string): string => text.replaceAll(/[^\P{Cc}]/gu, '\u{fffd}');
