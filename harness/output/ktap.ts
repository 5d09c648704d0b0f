import type { LoadedTrial } from '../load-run.ts';
import { clipped } from './clip.ts';
import { type Outcome, type OutcomeStatus, outcomesOf, verdictOutcome, worstOutcome } from './outcome.ts';
import type { Output } from './report.ts';

/**
 * KTAP version 1 (Documentation/dev-tools/ktap.rst of the kernel): a test for each trial, in it one for each
 * program, in it its points. A trial is `ok` when it was accepted. MISS is a directive of Ringtrial's own, on a
 * `not ok` line; readers that do not know it see a failure.
 */
export const ktapOutput: Output = {
  render: ({ trials }) => `${document(undefined, trials.map(trialTest)).join('\n')}\n`,
};

/** A result with what stands before it: its subtests, or what it said. */
interface Test {
  readonly before: readonly string[];
  readonly name: string;
  readonly status: OutcomeStatus;
  readonly message?: string | undefined;
}

function trialTest(trial: LoadedTrial): Test {
  const groups = outcomesOf(trial).map(({ name, outcomes }): Test => {
    const before = indented(document(name, outcomes.map(pointTest)));
    return { before, name, status: worstOutcome(outcomes) };
  });
  const { status, message } = verdictOutcome(trial);
  const before = [...indented(document(trial.id, groups)), ...notes(message)];
  return { before, name: trial.id, status, message };
}

const pointTest = ({ name, status, message, details }: Outcome): Test => ({
  before: [...notes(message), ...notes(clipped(details))],
  name,
  status,
  message,
});

/** Diagnostic lines; they stand before the result that they belong to. */
const notes = (text = ''): string[] =>
  text === '' ? [] : text.split('\n').map((line) => `# ${line}`.trimEnd());

const document = (name: string | undefined, tests: readonly Test[]): string[] => [
  'KTAP version 1',
  ...(name === undefined ? [] : [`# Subtest: ${description(name)}`]),
  `1..${tests.length}`,
  ...tests.flatMap((test, index) => [...test.before, resultLine(test, index + 1)]),
];

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function resultLine({ name, status, message }: Test, number: number): string {
  const [word, directive] = words[status];
  const why = message === undefined ? '' : ` ${oneLine(message)}`;
  // Behind `#` stands a directive. A plain failure has none: its reason is a diagnostic line only.
  const tail = directive === undefined ? '' : ` # ${directive}${why}`;
  return `${word} ${number} ${description(name)}${tail}`;
}

/** By ktap.rst SKIP and XFAIL are `ok`, ERROR is not. */
const words: Record<OutcomeStatus, readonly ['ok' | 'not ok', string?]> = {
  FAIL: ['not ok'],
  ERROR: ['not ok', 'ERROR'],
  MISS: ['not ok', 'MISS'],
  PASS: ['ok'],
  SKIP: ['ok', 'SKIP'],
  KNOWN: ['ok', 'XFAIL'],
};

/** A description ends at the first `#`. */
const description = (name: string): string => oneLine(name).replaceAll('#', '_');

const oneLine = (text: string): string =>
  clipped([text.replaceAll(/\s+/g, ' ').trim()], 1000).replaceAll('\n', ' ');
