import { conclude, type Judgement, type Observed } from '../judge.ts';
import type { PointResult, Status } from '../status.ts';
import type { TestSide } from '../verdict.ts';
import { type Schedule, scheduleName } from './schedule.ts';

/** Says of every result in a judgement, and of every reason, under which schedules it was had. */
export function underSchedules(
  judgement: Judgement,
  { base, candidate }: { readonly base: Observed; readonly candidate: Observed },
  schedules: readonly Schedule[],
): Judgement {
  const reasons = judgement.reasons.map((reason) => {
    const where = schedulesOf(reason.subject, candidate);
    return { ...reason, text: `${reason.text}${seenUnder(where, schedules)}` };
  });
  const side = (was: TestSide, points: readonly PointResult[], name: string): TestSide => ({
    ...was,
    schedules: bySchedule(points.filter((point) => point.name === name)),
  });
  const tests = judgement.tests.map((test) => ({
    ...test,
    base: side(test.base, base.points, test.name),
    candidate: side(test.candidate, candidate.points, test.name),
  }));
  const reports = judgement.reports.map((report) => ({
    ...report,
    schedules: distinct(
      [...base.reports, ...candidate.reports]
        .filter((found) => found.report.signature === report.signature)
        .map((found) => found.schedule),
    ),
  }));
  return conclude({ ...judgement, reasons, tests, reports });
}

/** The schedules under which a test did not pass, or a report was printed. */
function schedulesOf(subject: string, { points, reports }: Observed): number[] {
  return distinct([
    ...points.filter((point) => point.name === subject && bad(point.own)).map((point) => point.schedule),
    ...reports.filter(({ report }) => report.signature === subject).map((found) => found.schedule),
  ]);
}

const bad = (status: Status): boolean => status !== 'PASS' && status !== 'SKIP';

/** Nothing to say when all schedules show it. */
function seenUnder(numbers: readonly number[], schedules: readonly Schedule[]): string {
  if (numbers.length === 0 || numbers.length === schedules.length) return '';
  const only = numbers.length === 1 ? schedules.find(({ number }) => number === numbers[0]) : undefined;
  return only
    ? ` (seen under ${scheduleName(only)})`
    : ` (seen under schedules ${numbers.join(', ')} of ${schedules.length})`;
}

function bySchedule(points: readonly PointResult[]): NonNullable<TestSide['schedules']> {
  return distinct(points.map((point) => point.schedule)).map((schedule) => {
    const counts: Partial<Record<Status, number>> = {};
    for (const { status, schedule: own } of points)
      if (own === schedule) counts[status] = (counts[status] ?? 0) + 1;
    return { schedule, counts };
  });
}

const distinct = (numbers: readonly (number | undefined)[]): number[] =>
  [...new Set(numbers.filter((number) => number !== undefined))].toSorted((a, b) => a - b);
