import type { LoadedRun, LoadedTrial } from './load-run.ts';
import type { TestSide, Verdict } from './verdict.ts';

/** Something that is not as it was. */
export interface RunChange {
  /** The trial's id. */
  readonly trial: string;
  /** A test, a report's signature, or `verdict`. */
  readonly subject: string;
  /** One line, with text of guests in it. */
  readonly text: string;
}

/** How a later run differs from an earlier one of the same matrix. */
export interface RunComparison {
  /** It got worse: a trial, a test on either kernel, or a kernel report that was not there. */
  readonly regressions: readonly RunChange[];
  /** What was observed before and is not now. */
  readonly lost: readonly RunChange[];
  readonly improvements: readonly RunChange[];
  /** Trials of one run only. */
  readonly notes: readonly string[];
  /** Trials that could be compared. */
  readonly compared: number;
}

type Changes = { -readonly [key in 'regressions' | 'lost' | 'improvements']: RunChange[] };

const sides = [
  ['base', 'on base'],
  ['candidate', 'with the patch'],
] as const;

/**
 * Compares two runs trial by trial, for whoever watches trees and patches over time. Base counts as well: a tree that
 * moved on may have broken. What could not be observed is neither better nor worse; it is lost.
 */
export function compareRuns(before: LoadedRun, after: LoadedRun): RunComparison {
  const changes: Changes = { regressions: [], lost: [], improvements: [] };
  const earlier = new Map(before.trials.map((trial) => [trial.id, trial]));
  const pairs = after.trials.flatMap((trial) => {
    const was = earlier.get(trial.id);
    return was ? [[was, trial] as const] : [];
  });
  for (const [was, is] of pairs) compareTrials(was, is, changes);
  const later = new Set(after.trials.map(({ id }) => id));
  const notes = [
    ...after.trials.filter(({ id }) => !earlier.has(id)).map(({ id }) => `${id} is new`),
    ...before.trials.filter(({ id }) => !later.has(id)).map(({ id }) => `${id} is no longer tried`),
  ];
  return { ...changes, notes, compared: pairs.length };
}

function compareTrials(was: LoadedTrial, is: LoadedTrial, changes: Changes): void {
  const trial = is.id;
  const say = (kind: keyof Changes, subject: string, text: string): void =>
    void changes[kind].push({ trial, subject, text });
  const [before, now] = [was, is].map(({ verdict }) => verdict?.verdict ?? 'missing');
  if (before !== now) {
    const text = `was ${before}, is ${is.verdict?.summary ?? `missing: ${is.missing ?? ''}`}`;
    say(now === 'accepted' ? 'improvements' : now === 'rejected' ? 'regressions' : 'lost', 'verdict', text);
  }
  if (!was.verdict || !is.verdict) return;
  compareTests(was.verdict, is.verdict, say);
  compareReports(was.verdict, is.verdict, say);
}

type Say = (kind: keyof Changes, subject: string, text: string) => void;

function compareTests(was: Verdict, is: Verdict, say: Say): void {
  const now = new Map(is.tests.map((test) => [test.name, test]));
  for (const test of was.tests) {
    const later = now.get(test.name);
    if (!later) {
      say('lost', test.name, 'is no longer there');
      continue;
    }
    for (const [side, where] of sides) compareSides(test.name, [test[side], later[side], where], say);
  }
}

function compareSides(name: string, [was, is, where]: readonly [TestSide, TestSide, string], say: Say): void {
  if (was.status === is.status) return;
  const why = is.reason === undefined ? '' : `: ${is.reason}`;
  const text = `was ${was.status} ${where}, is ${is.status}${why}`;
  if (is.status === 'FAIL') say('regressions', name, text);
  else if (is.status === 'PASS') say('improvements', name, text);
  // An ERROR or a MISS instead of a failure is no improvement: nobody looked.
  else say('lost', name, text);
}

function compareReports(was: Verdict, is: Verdict, say: Say): void {
  for (const [side, where] of sides) {
    const [before, now] = [was, is].map(
      ({ reports }) =>
        new Map(reports.filter((report) => report[side] > 0).map((one) => [one.signature, one])),
    );
    for (const [signature, report] of now ?? [])
      if (!before?.has(signature))
        say('regressions', signature, `a new kernel report ${where}: ${report.title}`);
    for (const [signature, report] of before ?? [])
      if (!now?.has(signature)) say('improvements', signature, `no longer printed ${where}: ${report.title}`);
  }
}
