import { neverRunLines } from '../coverage/words.ts';
import type { LoadedTrial } from '../load-run.ts';
import type { Status } from '../status.ts';
import { worst } from '../status.ts';
import { safe, safeLine } from '../triage/safe.ts';
import type { ReportComparison, TestComparison, TestSide, Verdict } from '../verdict.ts';

/**
 * What a result is called where other programs read it: a test's status, or `KNOWN` for a failure that base
 * shows as well and that decided nothing. `MISS` and `KNOWN` are no passes in any format.
 */
export type OutcomeStatus = Status | 'KNOWN';

/** One result of a trial: a test point, a new kernel report, or the verdict itself. Its text is safe to show. */
export interface Outcome {
  readonly name: string;
  readonly status: OutcomeStatus;
  /** One line: why it is no plain pass. */
  readonly message?: string;
  /** Lines: what both kernels did, and what the test said. */
  readonly details: readonly string[];
}

/** The results of one test program, or those that belong to none. */
export interface OutcomeGroup {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}

/** A trial's results for programs that know only tests: its test points, its new reports, its verdict. */
export function outcomesOf(trial: LoadedTrial): readonly OutcomeGroup[] {
  const { verdict } = trial;
  const last = { name: 'trial', outcomes: [verdictOutcome(trial)] };
  if (!verdict) return [last];
  const fresh = verdict.reports.filter((report) => report.new);
  return [
    ...programs(verdict),
    ...(fresh.length > 0 ? [{ name: 'kernel-reports', outcomes: fresh.map(reportOutcome) }] : []),
    last,
  ];
}

/** The most telling status of several; known failures count for less than anything that was observed. */
export function worstOutcome(outcomes: readonly Outcome[]): OutcomeStatus {
  const telling = outcomes.flatMap(({ status }) => (status === 'KNOWN' ? [] : [status]));
  return telling.length === 0 && outcomes.length > 0 ? 'KNOWN' : worst(telling);
}

function programs(verdict: Verdict): OutcomeGroup[] {
  const groups = new Map<string, Outcome[]>();
  for (const test of verdict.tests) {
    const [program, point] = splitName(test.name);
    groups.set(program, [...(groups.get(program) ?? []), testOutcome(point, test, verdict.reports)]);
  }
  return [...groups].map(([name, outcomes]) => ({ name, outcomes }));
}

/** `PROGRAM.POINT`; a program that is one test point by itself has no other name. */
function splitName(name: string): [program: string, point: string] {
  const plain = safeLine(name);
  const dot = plain.indexOf('.');
  return dot > 0 ? [plain.slice(0, dot), plain.slice(dot + 1)] : [plain, plain];
}

function testOutcome(name: string, test: TestComparison, reports: readonly ReportComparison[]): Outcome {
  const { base, candidate } = test;
  const status = statusOf(test, reports);
  const why = candidate.reason ?? (status === 'PASS' ? undefined : test.change);
  const known = base.status === 'FAIL' ? 'base fails, too' : 'a known report';
  const message = status === 'KNOWN' ? `${known}: ${why ?? 'fails'}` : why;
  return {
    name,
    status,
    ...(message === undefined ? {} : { message: safeLine(message) }),
    details: [
      `base ${statusWords(base)}, patched ${statusWords(candidate)}: ${test.change}`,
      ...observationLines(test),
      ...candidate.diagnostics,
    ].flatMap((line) => safe(line).split('\n')),
  };
}

/** A failure decides nothing when such kernels are known for it, or when the only reason is a report of base's, or a known one. */
function statusOf(test: TestComparison, reports: readonly ReportComparison[]): OutcomeStatus {
  const { base, candidate, change } = test;
  if (candidate.status !== 'FAIL') return candidate.status;
  if (change === 'known failure') return 'KNOWN';
  const [program] = splitName(test.name);
  const own = reports.filter((report) => report.programs.includes(program));
  const expected = base.status === 'FAIL' || own.some((report) => report.known);
  return candidate.own !== 'FAIL' && expected && !own.some((report) => report.new) ? 'KNOWN' : 'FAIL';
}

const statusWords = ({ status, runs, counts }: TestSide): string =>
  runs > 1 ? `${status} (${counts[status] ?? 0} of ${runs} runs)` : status;

/** `unregister_ms: base 384 ms, patched 280 ms`; of several runs all values. */
function observationLines({ base, candidate }: TestComparison): string[] {
  const sides = [base, candidate].map((side) => side.observations.flat());
  const keys = new Set(sides.flat().map(({ key }) => key));
  return [...keys].map((key) => {
    const [was, is] = sides.map((all) => {
      const values = all
        .filter((entry) => entry.key === key)
        .map(({ value, unit }) => (unit === undefined ? value : `${value} ${unit}`));
      return values.length === 0 ? 'nothing' : [...new Set(values)].join(' | ');
    });
    return was === is ? `${key}: ${was}` : `${key}: base ${was}, patched ${is}`;
  });
}

function reportOutcome(report: ReportComparison): Outcome {
  const during = report.programs.length > 0 ? [`during ${report.programs.join(', ')}`] : [];
  const cause = report.attribution ? [`${report.attribution.cause}: ${report.attribution.reason}`] : [];
  const lines = [...during, ...report.explanation, ...cause, `${report.console}, byte ${report.start}:`];
  return {
    name: safeLine(report.title),
    status: 'FAIL',
    message: safeLine(`a kernel report that base does not give: ${report.title}`),
    details: [...lines, report.text].flatMap((line) => safe(line).trimEnd().split('\n')),
  };
}

const ofVerdict = { accepted: 'PASS', rejected: 'FAIL', inconclusive: 'MISS' } as const;

/** What a trial as a whole came to: no verdict is a MISS. */
export function verdictOutcome({ verdict, missing }: LoadedTrial): Outcome {
  if (!verdict) {
    const message = safeLine(`no verdict: ${missing ?? 'the trial has not been run'}`);
    return { name: 'verdict', status: 'MISS', message, details: [] };
  }
  const log = verdict.buildError ? [`the compiler's whole output: ${verdict.buildError.log}`] : [];
  return {
    name: 'verdict',
    status: ofVerdict[verdict.verdict],
    message: safeLine(verdict.summary),
    details: [
      ...verdict.reasons.map(({ weight, text }) => `${weight}: ${text}`),
      ...neverRunLines(verdict.coverage).map((line) => `never run: ${line}`),
      ...log,
    ].map(safeLine),
  };
}
