import { conclude, type Judgement } from './judge.ts';
import { passesNeeded } from './statistics/claims.ts';
import type { FoundReport, PointResult } from './status.ts';
import type { Program, Suite } from './suite.ts';

/** What guests that were booted, not forked, did with the programs that failed in forks. */
export interface Confirmation {
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
}

/** How often each program gets the chance to fail again in a guest that was booted, at least and at most. */
const [fewestTries, mostTries] = [2, 10];

/** Whether a reason for rejecting (a test's name, or a report's signature) stands on what this point did. */
const standsOn = (subject: string, point: PointResult): boolean =>
  (point.own === 'FAIL' && point.name === subject) || point.reports.includes(subject);

const against = (judgement: Judgement): string[] =>
  judgement.reasons.filter((reason) => reason.weight === 'reject').map((reason) => reason.subject);

/** What the reasons for rejecting stand on. */
export function evidenceAgainst(judgement: Judgement, seen: readonly PointResult[]): PointResult[] {
  const subjects = against(judgement);
  return seen.filter((point) => subjects.some((subject) => standsOn(subject, point)));
}

/** The programs behind the reasons for rejecting, those that fail quickly first. */
export function suspects(judgement: Judgement, suite: Suite, seen: readonly PointResult[]): Program[] {
  const guilty = evidenceAgainst(judgement, seen);
  const hangs = (program: Program): number =>
    Number(guilty.some((point) => point.program === program.name && point.reason?.startsWith('hang')));
  return suite.programs
    .filter((program) => guilty.some((point) => point.program === program.name))
    .toSorted((a, b) => hangs(a) - hangs(b));
}

/**
 * How many boots a program gets to fail again: what failed in one of four forks hides in two boots more often than
 * not, so there are as many as its rate asks for, within bounds.
 */
function triesFor(program: Program, judgement: Judgement, seen: readonly PointResult[]): number {
  const subjects = against(judgement);
  const runs = new Set<number>();
  const guilty = new Set<number>();
  for (const point of seen.filter((one) => one.program === program.name)) {
    runs.add(point.repetition);
    if (subjects.some((subject) => standsOn(subject, point))) guilty.add(point.repetition);
  }
  const wanted = guilty.size === 0 ? fewestTries : passesNeeded(guilty.size / runs.size);
  return Math.min(mostTries, Math.max(fewestTries, wanted));
}

/**
 * Runs suspects in guests that were booted until one of them fails again: that is enough for a verdict
 * that does not hang on how forks are made.
 *
 * @param programs suspects of the judgement, with what they did in forks
 * @param run runs one program once in a guest that was booted
 */
export async function confirm(
  judgement: Judgement,
  { programs, seen }: { readonly programs: readonly Program[]; readonly seen: readonly PointResult[] },
  run: (program: Program, attempt: number) => Promise<Confirmation>,
): Promise<Confirmation> {
  const points: PointResult[] = [];
  const reports: FoundReport[] = [];
  for (const program of programs) {
    const tries = triesFor(program, judgement, seen);
    for (let attempt = 1; attempt <= tries; attempt++) {
      const again = await run(program, attempt);
      points.push(...again.points);
      reports.push(...again.reports);
      if (against(judgement).some((subject) => again.points.some((point) => standsOn(subject, point)))) {
        return { points, reports };
      }
    }
  }
  return { points, reports };
}

/**
 * A judgement that knows what happened in guests that were booted. When none of the reasons for
 * rejecting that were seen in forks happened there again, they are doubts: the forks may be at fault.
 */
export function withConfirmation(
  judgement: Judgement,
  seenInForks: readonly PointResult[],
  confirmation: Confirmation,
): Judgement {
  const doubtful = (subject: string): boolean => seenInForks.some((point) => standsOn(subject, point));
  const again = (subject: string): boolean => confirmation.points.some((point) => standsOn(subject, point));
  const boots = (subject: string): number => {
    const standing = seenInForks.filter((point) => standsOn(subject, point)).map(({ program }) => program);
    const runs = confirmation.points.filter(({ program }) => standing.includes(program));
    return Math.max(
      0,
      ...Map.groupBy(runs, ({ name }) => name)
        .values()
        .map(({ length }) => length),
    );
  };
  const sure = against(judgement).some(again);
  const reasons = judgement.reasons.map((reason) => {
    if (reason.weight !== 'reject' || !doubtful(reason.subject)) return reason;
    if (again(reason.subject)) return { ...reason, text: `${reason.text} (seen again in a cold boot)` };
    if (sure) return reason;
    const text = `${reason.text} (seen in a fork, and not again in ${boots(reason.subject)} cold boots)`;
    return { ...reason, weight: 'doubt' as const, text };
  });
  // What was confirmed speaks first: the summary line shows the first reason.
  const ordered = [
    ...reasons.filter((reason) => again(reason.subject)),
    ...reasons.filter((reason) => !again(reason.subject)),
  ];
  return conclude({ ...judgement, reasons: ordered });
}
