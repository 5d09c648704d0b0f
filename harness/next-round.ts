import { type CompareOptions, compareTests } from './compare-tests.ts';
import type { Observed } from './judge.ts';
import type { KnownReports } from './known-reports.ts';
import { fisherExact } from './statistics/fisher.ts';
import { confidence } from './statistics/wilson.ts';
import type { PointResult } from './status.ts';
import type { TestComparison } from './verdict.ts';

/**
 * After so many runs of each kernel `--repeat auto` looks whether the answer is sure; the last is the most that
 * it runs. Three runs of everything come first, then only those programs are run on that left something open.
 */
export const looks = [3, 6, 12, 24, 48] as const;

/**
 * What p must be below at each look, so that all of them together are wrong in one of twenty trials only: who
 * looks often finds something by chance (Bonferroni's share for each look).
 */
export const alphaOfLooks = (1 - confidence) / looks.length;

export type NextRound =
  | { readonly programs: readonly string[] }
  /** Why there is no need of more. */
  | { readonly stop: string };

/**
 * Whether more runs could change what a trial says, and of which programs. Pure.
 *
 * Sure is a rejection when chance does not explain how often the candidate fails, or gives a new report; a failure
 * that both kernels always show; a failure of base that the candidate showed to be gone. Tests that failed on
 * neither kernel are not run on: how seldom they may still fail, the verdict says.
 */
export function nextRound(
  base: Observed,
  candidate: Observed,
  options: Omit<CompareOptions, 'alpha'> & { readonly known?: KnownReports | undefined },
): NextRound {
  const tests = compareTests(base.points, candidate.points, { ...options, alpha: alphaOfLooks });
  const most = Math.max(0, ...candidate.points.map(({ repetition }) => repetition));
  const runs = `${most} runs`;
  if (candidate.bootFailure) return { stop: 'the patched kernel does not boot' };
  const sure = tests.find(isSureRegression);
  if (sure) return { stop: `after ${runs} it is sure that ${sure.name} fails with the patch` };
  const reports = newReports(base, candidate, options.known);
  const clear = reports.find(({ open }) => !open);
  if (clear) return { stop: `after ${runs} it is sure that a kernel report is new: ${clear.title}` };
  const left = tests.filter(isOpen);
  const programs = new Set([
    ...left.map(({ name }) => programOf(name, candidate.points)),
    ...reports.map(({ program }) => program),
  ]);
  if (programs.size > 0) {
    if (most < (looks.at(-1) ?? 0)) return { programs: [...programs] };
    return { stop: `${runs} are the most that it takes, and it is open still: ${[...programs].join(', ')}` };
  }
  const failed = tests.some(({ base: before, candidate: after }) => before.failures || after.failures);
  return { stop: failed ? `after ${runs} no failure is open` : `no test failed on either kernel in ${runs}` };
}

/** Regressions by rate were significant, or they would be flaky. */
const isSureRegression = ({ change, base, pCorrected = 1 }: TestComparison): boolean =>
  change === 'regression' && ((base.failures ?? 0) > 0 || pCorrected < alphaOfLooks);

function isOpen({ change, base }: TestComparison): boolean {
  if (change === 'fails, base unknown') return (base.observed ?? 0) > 0;
  return change === 'flaky' || change === 'regression';
}

/** The program that a test is a point of. */
export const programOf = (name: string, points: readonly PointResult[]): string =>
  points.find((point) => point.name === name)?.program ?? '';

interface NewReport {
  readonly title: string;
  readonly program: string;
  /** Base may have been lucky. */
  readonly open: boolean;
}

/** Reports that the candidate alone gives while a program runs, and whether chance explains that. */
function newReports(base: Observed, candidate: Observed, accepted: KnownReports | undefined): NewReport[] {
  const known = new Set(base.reports.map(({ report }) => report.signature));
  const fresh = candidate.reports.filter(
    ({ report }) => !known.has(report.signature) && !accepted?.find(report),
  );
  return fresh.flatMap(({ report, program }): NewReport[] => {
    const { title, signature } = report;
    if (program === null) return [{ title, program: '', open: false }];
    const seen = runsOf(candidate.points, program, signature);
    const p = fisherExact({ base: runsOf(base.points, program, signature), candidate: seen });
    return [{ title, program, open: p >= alphaOfLooks }];
  });
}

/** In how many runs of a program a report was printed. */
function runsOf(points: readonly PointResult[], program: string, signature: string) {
  const own = points.filter((point) => point.program === program);
  const count = (list: readonly PointResult[]): number =>
    new Set(list.map(({ repetition }) => repetition)).size;
  return { failures: count(own.filter(({ reports }) => reports.includes(signature))), runs: count(own) };
}
