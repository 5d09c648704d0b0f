import path from 'node:path';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { CellTime } from './cell-time.ts';
import type { Detectors } from './detectors.ts';
import type { Listener, Side } from './events.ts';
import { GuestInUse, noteBoot } from './guest-in-use.ts';
import type { GuestSource } from './guest-source.ts';
import type { OrderRecord } from './lock-orders.ts';
import { applyPolicy } from './policy.ts';
import { type AfterProgram, type CellContext, runCell } from './run-cell.ts';
import type { Interfere } from './schedules/interfere.ts';
import { type Schedule, scheduleFolder } from './schedules/schedule.ts';
import { secondsSince } from './seconds.ts';
import type { FoundReport, PointResult } from './status.ts';
import type { Program, Suite } from './suite.ts';

export interface CellsRequest {
  readonly side: Side;
  readonly suite: Suite;
  /** The version by which the suite's policy judges, on both sides; undefined: no policy. */
  readonly policyFor?: string | undefined;
  readonly repetitions: number;
  /** The number of the first of them; 1 by default. */
  readonly firstRepetition?: number | undefined;
  /** What the guests of `source` are like, where a side has several kinds. */
  readonly schedule?: Schedule | undefined;
  /** What is done to a guest while a program runs in it. */
  readonly interfere?: Interfere | undefined;
  readonly detectors: Detectors;
  /** What all deadlines are multiplied by: a kernel that checks every access is slow. 1 by default. */
  readonly timeScale?: number | undefined;
  /** Whether the RAM of a guest in which something hangs is dumped. */
  readonly dump?: boolean | undefined;
  /** The run directory. */
  readonly directory: string;
  readonly source: GuestSource;
  /** Names each guest, unique on its side; where cells of a side are run in several goes, they share it. */
  readonly guestNames?: (() => string) | undefined;
  /** Takes from a guest what else is wanted of it when a program has run. */
  readonly afterProgram?: AfterProgram | undefined;
  /** Whether enough is known, asked after each cell: then no further one is begun. */
  readonly enough?: ((seen: CellsResult) => boolean) | undefined;
  readonly onEvent: Listener;
  readonly signal?: AbortSignal | undefined;
}

export interface CellsResult {
  /** In the order of the plan, whatever the order in which they came in. */
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
  /** What lockdep knew before and after each cell whose guest could be asked. */
  readonly orders: readonly OrderRecord[];
  /** What passes through all of these programs took, without the boot that they share. */
  readonly passes?: readonly Pass[];
  /** A guest of this kernel did not boot, twice or with a panic; the cells after it were not run. */
  readonly bootFailure?: GuestBootError;
}

/** One pass through so many programs, in seconds of wall clock. */
export interface Pass {
  readonly programs: number;
  readonly seconds: number;
}

/** The mean of those passes that went through so many programs: a suite may shrink from round to round. */
export function meanPass(passes: readonly Pass[] | undefined, programs: number): number | undefined {
  const whole = (passes ?? []).filter((pass) => pass.programs === programs);
  return whole.length === 0 ? undefined : whole.reduce((sum, pass) => sum + pass.seconds, 0) / whole.length;
}

/** How often a program is run whose passes could not be validated, each time in a fresh guest. */
const attempts = 2;

interface PlannedCell {
  readonly program: Program;
  readonly repetition: number;
}

/** Runs every program of a suite on one kernel, so often as asked, by as many workers as the guests allow. */
export async function runCells(request: CellsRequest): Promise<CellsResult> {
  const plan = planCells(request);
  const results: (readonly PointResult[])[] = plan.map(() => []);
  const reports: FoundReport[] = [];
  const orders: OrderRecord[] = [];
  let [next, done] = [0, 0];
  const nextName = request.guestNames ?? guestNames();
  let bootFailure: GuestBootError | undefined;
  let enough = false;
  if (request.source.bootConsole !== undefined)
    noteBoot({ ...request, schedule: request.schedule?.number, reports }, request.source.bootConsole);

  async function work(): Promise<void> {
    const schedule = request.schedule?.number;
    await using guest = new GuestInUse({ ...request, schedule, reports, orders, nextName });
    for (let index = next++; index < plan.length && !bootFailure && !enough; index = next++) {
      request.signal?.throwIfAborted();
      const cell = plan[index] as PlannedCell;
      try {
        results[index] = await runPlanned(request, cell, guest, { done, total: plan.length });
        done++;
        enough ||= request.enough?.({ points: results.flat(), reports, orders }) ?? false;
      } catch (error) {
        if (!(error instanceof GuestBootError)) throw error;
        noteBoot({ ...request, schedule: request.schedule?.number, reports }, error.failure.consolePath);
        bootFailure = error;
      }
    }
    await guest.retire();
  }

  const started = Date.now();
  await allSettledOrThrow(Array.from({ length: request.source.width }, work));
  const found = { points: results.flat(), reports, orders };
  if (bootFailure) return { ...found, bootFailure };
  if (done < plan.length) return found;
  const seconds = secondsSince(started) / request.repetitions;
  return { ...found, passes: [{ programs: request.suite.programs.length, seconds }] };
}

/** `guest-1`, `guest-2` … */
export function guestNames(): () => string {
  let guests = 0;
  return () => `guest-${++guests}`;
}

/** What is known of a kernel whose first guest does not boot: what it printed. */
export function failedBoot(request: Omit<CellsRequest, 'source'>, error: GuestBootError): CellsResult {
  const reports: FoundReport[] = [];
  noteBoot({ ...request, schedule: request.schedule?.number, reports }, error.failure.consolePath);
  return { points: [], reports, orders: [], bootFailure: error };
}

/** Repetitions are the outer loop: whatever drifts on the host touches all programs alike. */
const planCells = ({ repetitions, firstRepetition = 1, suite }: CellsRequest): PlannedCell[] =>
  Array.from({ length: repetitions }, (_, index) => firstRepetition + index).flatMap((repetition) =>
    suite.programs.map((program) => ({ program, repetition })),
  );

/** Waits for all workers, so that none goes on with its guest after another one has failed. */
async function allSettledOrThrow(workers: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected');
  if (failed) throw failed.reason;
}

async function runPlanned(
  request: CellsRequest,
  cell: PlannedCell,
  guest: GuestInUse,
  count: { readonly done: number; readonly total: number },
): Promise<readonly PointResult[]> {
  const { side, onEvent, timeScale = 1 } = request;
  const { repetition } = cell;
  const program = { ...cell.program, deadlineSeconds: cell.program.deadlineSeconds * timeScale };
  const schedule = request.schedule?.number;
  const about = { type: 'test', side, program: program.name, repetition, schedule } as const;
  onEvent({ ...about, state: 'running', ...count });
  const time = new CellTime();
  const context: CellContext = {
    time,
    directory: path.join(
      request.directory,
      side,
      ...scheduleFolder(request.schedule),
      `repetition-${repetition}`,
    ),
    interfere: request.interfere,
    detectors: request.detectors,
    timeScale,
    afterProgram: request.afterProgram,
    dump: request.dump ?? false,
    signal: request.signal,
  };
  let points: readonly PointResult[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    points = await runCell({ program, repetition, attempt }, guest, context);
    if (request.source.onePerCell) await guest.retire();
    // A failure stands; only what could not be observed is worth another look.
    if (points.some((point) => point.status === 'FAIL') || !points.some((point) => point.status === 'MISS'))
      break;
  }
  const { policy } = request.suite;
  if (policy && request.policyFor !== undefined) points = applyPolicy(policy, request.policyFor, points);
  if (schedule !== undefined) points = points.map((point) => ({ ...point, schedule }));
  onEvent({
    ...about,
    state: 'finished',
    milliseconds: time.milliseconds,
    parts: time.parts,
    points: points.map(({ name, status, reason }) => ({ name, status, ...(reason ? { reason } : {}) })),
  });
  return points;
}
