import { bare, type Reading } from './search.ts';

export interface Spelled {
  readonly lines: readonly string[];
  /** Added lines whose blanks were put right, and after what. */
  readonly respelled: number;
}

const indentOf = (text: string): string => /^[ \t]*/.exec(text)?.[0] ?? '';

/**
 * Gives added lines back the blanks that were lost: as the file spells the very same line elsewhere, else with the
 * indentation that lines indented alike have in the file, else as deep as the braces above them say. When the
 * context came through unharmed, so did the added lines.
 */
export function spelled(file: readonly string[], { lines, sources }: Reading): Spelled {
  const context = lines.flatMap((line, i) => {
    const source = sources[i];
    return line.startsWith('+') || source === undefined || bare(line) === bare(line)[0]
      ? []
      : [{ came: source.slice(1), is: line.slice(1) }];
  });
  const harmed = context.filter(({ came, is }) => came !== is && is.trim() !== '');
  if (harmed.length === 0) return { lines, respelled: 0 };
  const flat = harmed.every(({ came }) => indentOf(came).length <= 1);
  const result: string[] = [];
  let respelled = 0;
  for (const line of lines) {
    if (!line.startsWith('+') || line.slice(1).trim() === '') {
      result.push(line.startsWith('+') ? '+' : line);
      continue;
    }
    const text = line.slice(1);
    const indent = flat ? byBraces(result) : byLikes(text, context);
    const now = `+${spellingIn(file, text, indent) ?? `${indent}${text.trimStart()}`}`;
    if (now !== line) respelled += 1;
    result.push(now);
  }
  return { lines: result, respelled };
}

/** The file's own spelling of a line, when it has the line and always spells it that way at this depth. */
function spellingIn(file: readonly string[], text: string, indent: string): string | undefined {
  const key = bare(text);
  const found = new Set(file.filter((line) => bare(line) === key).map((line) => line.trimStart()));
  const [only] = found;
  return found.size === 1 && only !== undefined ? `${indent}${only}` : undefined;
}

interface Sample {
  readonly came: string;
  readonly is: string;
}

/** Tabs where the blanks are as many as tabs became, else what a context line of the same width has in the file. */
function byLikes(text: string, context: readonly Sample[]): string {
  const { size, marker } = tabWidth(context);
  const width = indentOf(text).replaceAll('\t', ' '.repeat(size)).length;
  const columns = width + marker;
  if (columns < size) return ' '.repeat(width);
  if (columns % size === 0) return '\t'.repeat(columns / size);
  const like = context.find(({ came }) => came.trim() !== '' && indentOf(came).length === width);
  return like ? indentOf(like.is) : '\t'.repeat(Math.floor(columns / size)) + ' '.repeat(columns % size);
}

/**
 * How many blanks a tab became, from context lines that are indented with tabs alone. Software that expands tabs may
 * count the column of the patch's marker (`marker` 1) or not.
 */
function tabWidth(context: readonly Sample[]): { size: number; marker: 0 | 1 } {
  for (const { came, is } of context) {
    const tabs = indentOf(is);
    const blanks = indentOf(came);
    if (!/^\t+$/.test(tabs) || !/^ +$/.test(blanks)) continue;
    for (const marker of [0, 1] as const) {
      const size = (blanks.length + marker) / tabs.length;
      if (size === 4 || size === 8 || size === 2) return { size, marker };
    }
  }
  return { size: 8, marker: 0 };
}

/** As deep as the line above, one deeper behind an opening brace or a condition without one. */
function byBraces(before: readonly string[]): string {
  const above = before.findLast((line) => line.slice(1).trim() !== '')?.slice(1) ?? '';
  const deeper =
    /[{:]\s*$/.test(above) || /^\s*(?:if|for|while) \(.*\)\s*$/.test(above) || /^\s*else\s*$/.test(above);
  return indentOf(above) + (deeper ? '\t' : '');
}
