import { safe, safeLine } from '../triage/safe.ts';
import { clipped } from './clip.ts';

/** Text of others as a code span: longer runs of backquotes around than in it (CommonMark 6.1), so that nothing in it is Markdown. */
export function code(text: string): string {
  const line = clipped([safeLine(text)], 1000)
    .replaceAll('\n', ' ')
    .trim();
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** The same for a table of GitHub's, in which a bar would end the cell even there. */
export const cell = (text: string): string => code(text).replaceAll('|', '\\|');

/** Lines of others as a code block. */
export function block(text: string): string {
  const lines = clipped([safe(text).trimEnd()]);
  const fence = '`'.repeat(Math.max(3, longestRun(lines) + 1));
  return `${fence}text\n${lines}\n${fence}`;
}

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

/** Text of others inside of HTML in Markdown. */
export const htmlText = (text: string): string =>
  safeLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[`*_~[\]@#\\]/g, (char) => `&#${char.codePointAt(0)};`);
