import { bullets, shares, sideBySide, wrap } from './columns.ts';
import type { ProgramDescription } from './schema.ts';

/** What one program is for. */
export interface Explanation {
  readonly scenario: string;
  readonly summary: string;
  readonly invariants: readonly string[];
  readonly distinguishes: readonly string[];
  readonly operations: readonly string[];
  /** A range of versions; `*` where the suite does not say. */
  readonly kernels: string;
}

export const explanationOf = (program: ProgramDescription): Explanation => ({
  scenario: program.name,
  summary: program.summary,
  invariants: program.invariants,
  distinguishes: program.distinguishes,
  operations: program.operations ?? [],
  kernels: program.kernels ?? '*',
});

/** From so many characters on, five columns can be read. */
const wide = 100;

/** A table for people, no wider than `width`; on a narrow screen a block for each program instead. */
export const explain = (explanations: readonly Explanation[], width: number): string =>
  `${(width >= wide ? asTable(explanations, width) : asBlocks(explanations, width)).join('\n')}\n`;

const headings = ['scenario', 'invariants', 'designs it tells apart', 'operations', 'kernels'];

function asTable(explanations: readonly Explanation[], width: number): string[] {
  // Names are not broken; sentences can be.
  const scenario = Math.max(Math.floor(width / 7), longestWord(explanations.map((one) => one.scenario)));
  const operations = longestWord(['operations', ...explanations.flatMap((one) => one.operations)]);
  const kernels = longestWord(['kernels', ...explanations.map((one) => one.kernels)]);
  const gaps = 2 * (headings.length - 1);
  const sentences = shares(width - gaps - scenario - operations - kernels, [36, 28]);
  const widths = [scenario, ...sentences, operations, kernels];
  const at = (column: number): number => widths[column] ?? 1;
  const rule = widths.map((one) => '-'.repeat(one)).join('  ');
  const rows = explanations.map((one) =>
    sideBySide(
      [
        [...wrap(one.scenario, at(0)), ...wrap(one.summary, at(0))],
        bullets(one.invariants, at(1)),
        one.distinguishes.length > 0 ? bullets(one.distinguishes, at(2)) : ['-'],
        one.operations.flatMap((name) => wrap(name, at(3))),
        wrap(one.kernels, at(4)),
      ],
      widths,
    ),
  );
  const heading = sideBySide(
    headings.map((name, column) => wrap(name, at(column))),
    widths,
  );
  return [...heading, ...rows.flatMap((row) => [rule, ...row])];
}

const longestWord = (texts: readonly string[]): number =>
  Math.min(24, Math.max(...texts.flatMap((text) => text.split(/\s+/)).map((word) => word.length)));

const label = 13;

function asBlocks(explanations: readonly Explanation[], width: number): string[] {
  const room = width - label - 2;
  const part = (name: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : sideBySide([[`  ${name}`], lines], [label, room]);
  return explanations.flatMap((one, index) => [
    ...(index === 0 ? [] : ['']),
    ...wrap(`${one.scenario}: ${one.summary}`, width),
    ...part('invariants', bullets(one.invariants, room)),
    ...part('tells apart', bullets(one.distinguishes, room)),
    ...part('operations', wrap(one.operations.join(', '), room)),
    ...part('kernels', wrap(one.kernels, room)),
  ]);
}

/**
 * What `--help` of a program that uses the library says of each of its points (tests/lib/program.c):
 * two spaces, the name, the sentence.
 */
export function pointSentences(help: string, points: readonly string[]): Map<string, string> {
  const lines = [...help.matchAll(/^ {2}(\S+) +(\S.*)$/gm)];
  return new Map(
    lines.flatMap(([, name = '', what = '']) => (points.includes(name) ? [[name, what] as const] : [])),
  );
}
