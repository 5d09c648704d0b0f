import type { LineCoverage } from '../../coverage/schema.ts';
import { lineRows, placeOf, programRows } from '../../coverage/tables.ts';
import type { LoadedTrial } from '../../load-run.ts';
import { isLikely } from '../../lock-orders.ts';
import { enoughRuns } from '../../measurements.ts';
import { describeAdded } from '../../triage/dependency-diff.ts';
import type { LockOrder, Measurement, TestComparison, TestSide, Verdict } from '../../verdict.ts';
import { certaintyText } from '../certainty.ts';
import { blindList, failedUnder, headroom, secondTryList } from '../findings.ts';
import type {
  CoverageDetail,
  ObservationDetail,
  OrderDetail,
  ScheduleDetail,
  SideDetail,
  TestDetail,
  TrialDetail,
} from './document.ts';
import { dossiersOf } from './dossiers.ts';
import { type History, longestHistory } from './history.ts';
import { allVisible, visible } from './visible.ts';

/** Of a test's diagnostics, in lines, and of each, in characters. */
const mostDiagnostics = 40;
const longestText = 2_000;
const longestLog = 16_000;

/** The story of one trial. */
export async function trialDetail(
  trial: LoadedTrial,
  verdict: Verdict,
  history: History,
): Promise<TrialDetail> {
  const { reasons, behaviours, accelerator, tree, candidate, repetitions, startedAt, seconds, kernels } =
    verdict;
  const { buildError } = verdict;
  const about = {
    reasons,
    behaviours,
    accelerator,
    tree,
    candidate,
    repetitions,
    startedAt,
    seconds,
    kernels,
  };
  const { dossiers, left } = await dossiersOf(trial.directory);
  return {
    ...allVisible(about),
    directory: allVisible(trial.directory),
    ...(buildError === undefined
      ? {}
      : { buildError: allVisible({ ...buildError, log: cut(buildError.log, longestLog) }) }),
    schedules: schedulesOf(verdict),
    limits: limitsOf(verdict),
    orders: verdict.lockOrders.map(orderDetail),
    ...(verdict.coverage ? { coverage: coverageDetail(verdict.coverage) } : {}),
    tests: verdict.tests.map((test) => testDetail(test, { trial, verdict, history })),
    dossiers,
    dossiersLeft: left,
  };
}

function schedulesOf({ schedules = [], tests }: Verdict): ScheduleDetail[] {
  const failed = (side: 'base' | 'candidate', number: number): number =>
    tests.filter((test) => failedUnder(test[side], number)).length;
  return schedules.map(({ number, text }) => ({
    ...{ number, text: visible(text) },
    ...{ base: failed('base', number), candidate: failed('candidate', number) },
  }));
}

const limitsOf = (verdict: Verdict): string[] =>
  [certaintyText(verdict), headroom(verdict.tests), blindList(verdict), secondTryList(verdict)]
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map(visible);

/** Whether a difference is worth pointing at: intervals of fewer runs are too narrow. */
export const isSure = ({ differs, base, candidate }: Measurement): boolean =>
  differs && Math.min(base.runs, candidate.runs) >= enoughRuns;

export const orderDetail = (order: LockOrder): OrderDetail => {
  const { from, to, meaning, programs, runs, ofPatch } = order;
  const sentence = describeAdded({ ...order, path: order.path });
  return allVisible({ from, to, meaning, programs, runs, ofPatch, sentence, likely: isLikely(order) });
};

const coverageDetail = (coverage: LineCoverage): CoverageDetail =>
  allVisible({
    changed: coverage.changed,
    lines: lineRows(coverage).map((row) => ({ place: placeOf(row), programs: row.programs })),
    programs: programRows(coverage),
    unknown: coverage.unknown,
    files: coverage.files.map(({ path, hunks }) => ({
      path,
      hunks: hunks.map(({ heading, lines }) => ({
        heading,
        lines: lines.map(({ sign, text, count }) => ({ sign, text: cut(text, longestText), count })),
      })),
    })),
  });

interface Context {
  readonly trial: LoadedTrial;
  readonly verdict: Verdict;
  readonly history: History;
}

function testDetail(test: TestComparison, { trial, verdict, history }: Context): TestDetail {
  const { p, pCorrected, runsForFixed } = test;
  return allVisible({
    ...{ p, pCorrected, runsForFixed },
    base: sideDetail(test.base),
    candidate: sideDetail(test.candidate),
    observations: observationsOf(test),
    measurements: (verdict.measurements ?? [])
      .filter((one) => one.test === test.name)
      .map(({ test: _, ...rest }) => rest),
    past: history.test(trial, test.name).slice(-longestHistory),
  });
}

function sideDetail({ observations: _, ...side }: TestSide): SideDetail {
  return {
    ...side,
    diagnostics: side.diagnostics.slice(0, mostDiagnostics).map((line) => cut(line, longestText)),
    left: Math.max(0, side.diagnostics.length - mostDiagnostics),
  };
}

/** By key, in the order in which they were first seen: a repetition's list is short, but there are many of them. */
function observationsOf(test: TestComparison): ObservationDetail[] {
  const found = new Map<string, { unit?: string; base: string[]; candidate: string[] }>();
  for (const side of ['base', 'candidate'] as const)
    for (const { key, value, unit } of test[side].observations.flat()) {
      const entry = found.get(key) ?? { base: [], candidate: [] };
      entry[side].push(cut(value, longestText));
      if (unit !== undefined) entry.unit = unit;
      found.set(key, entry);
    }
  return [...found].map(([key, entry]) => ({ key, ...entry }));
}

const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`;
