import type { LineCoverage } from './schema.ts';

/** What is said of the changed lines, and whether that qualifies a good result. */
export interface CoverageWords {
  readonly text: string;
  readonly good: boolean;
}

/** Puts both together: `passed, but 4 of 19 changed lines were never run`. @param passed whether the result is good by itself */
export function withLines(result: string, passed: boolean, { text, good }: CoverageWords): string {
  if (!passed) return `${result}; ${text}`;
  return `${result}, ${good ? 'and' : 'but'} ${text}`;
}

/**
 * `4 of 19 changed lines were never run`, and whatever keeps that from being all that there is to know.
 *
 * @param programs how many there are in the suite
 */
export function coverageWords(coverage: LineCoverage, programs: number): CoverageWords {
  const { unknown, uncounted = [] } = coverage;
  // Which lines have code is known by their counters.
  if (unknown.length === programs)
    return { text: "no program's counters came back, so nobody knows which lines were run", good: false };
  const limits = [
    ...(unknown.length > 0 ? [`the counters of ${plural(unknown.length, 'program')} were lost`] : []),
    ...(uncounted.length > 0 ? [`nothing is counted in ${uncounted.join(', ')}`] : []),
  ];
  const text = [linesWords(coverage), ...(limits.length > 0 ? [`(${limits.join('; ')})`] : [])].join(' ');
  return { text, good: coverage.neverRun.length === 0 && limits.length === 0 };
}

function linesWords({ changed, neverRun: { length: never } }: LineCoverage): string {
  if (changed === 0) return 'the patch brings no line of io_uring/ that has code';
  if (changed === 1) return `the one changed line was ${never === 1 ? 'never ' : ''}run`;
  if (never === 0) return `all ${changed} changed lines were run`;
  return `${never} of ${changed} changed lines ${never === 1 ? 'was' : 'were'} never run`;
}

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** `io_uring/rw.c:12: return ret;` for each line that was never run; the patch's text in it is as hostile as any. */
export const neverRunLines = (coverage: Pick<LineCoverage, 'neverRun'> | undefined): string[] =>
  (coverage?.neverRun ?? []).map(({ path, line, text }) => `${path}:${line}: ${text.trim()}`);
