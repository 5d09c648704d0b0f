import { ExitCode, RingtrialError } from '../../common/errors.ts';
import type { Guest } from '../../vm/qemu/guest.ts';
import { buildSide, prepare, settleGuests } from '../prepare.ts';
import { runSide, type SideResult } from '../side.ts';
import type { Status } from '../status.ts';
import type { Program } from '../suite.ts';
import type { FilePair } from '../triage/changes.ts';
import { filePairs } from '../triage/suspect.ts';
import type { EvaluateOptions, Trial } from '../trial.ts';
import { ending } from '../verdict-of-trial.ts';
import { changedCode, coverChanges } from './changed-lines.ts';
import { CountersError, runGcov, takeCounters } from './gcov.ts';
import { type LineCounts, lineCounts } from './lines.ts';
import { type Coverage, coverageSchema } from './schema.ts';

/** The patched tree does not compile with counters, so nothing can be counted. */
export class CoverageBuildError extends RingtrialError {
  readonly code = 'COVERAGE_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.rejected;
}

export type CoverageOptions = Omit<EvaluateOptions, 'profile' | 'strict' | 'dump'>;

/**
 * Runs a suite on the patched kernel with gcc's counters in io_uring/ and says which of the lines that
 * the patch brings were executed, by which programs. Writes coverage.json into the run directory.
 *
 * @throws what `evaluate` throws; CoverageBuildError, CountersError
 */
export async function coverage(options: CoverageOptions): Promise<Coverage> {
  const prepared = await prepare({ ...options, profile: 'coverage' });
  const guests = await settleGuests(prepared);
  const built = await buildSide(prepared, 'candidate');
  if (!built.ok) {
    const { file, line, message, log } = built.error;
    throw new CoverageBuildError(
      `The patched tree does not compile: ${file ?? ''}:${line ?? '?'}: ${message}\nThe whole log: ${log}`,
    );
  }
  const { kernel } = built;
  const trial: Trial = { ...prepared, ...guests, base: kernel };
  const files = await filePairs(prepared.tree.dir, prepared.applied.changes);
  const changed = files.map((file) => file.path);
  const counters = new CounterBook(kernel.notes, changed, options.signal);
  const seen = await runSide(trial, 'candidate', kernel, { afterProgram: counters.take });
  if (seen.bootFailure) throw seen.bootFailure;
  const result = conclude(trial, { seen, counters, files });
  prepared.run.write('coverage.json', `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** What each program made the kernel execute, added up over its repetitions. */
class CounterBook {
  readonly counts = new Map<string, LineCounts>();
  readonly #notes: string;
  readonly #files: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #documents = new Map<string, string[]>();

  constructor(notes: string, files: readonly string[], signal: AbortSignal | undefined) {
    this.#notes = notes;
    this.#files = files;
    this.#signal = signal;
  }

  /** A program whose counters are lost may have run anything: it stays without counts, and the others go on. */
  readonly take = async (guest: Guest, { name }: Program): Promise<void> => {
    try {
      const documents = await runGcov(this.#notes, await takeCounters(guest, this.#signal), this.#signal);
      const all = [...(this.#documents.get(name) ?? []), ...documents];
      this.#documents.set(name, all);
      this.counts.set(name, lineCounts(all, this.#files));
    } catch (error) {
      if (!(error instanceof CountersError)) throw error;
    }
  };
}

interface Found {
  readonly seen: SideResult;
  readonly counters: CounterBook;
  readonly files: readonly FilePair[];
}

function conclude(trial: Trial, { seen, counters, files }: Found): Coverage {
  const covered = coverChanges(files, counters.counts);
  const code = changedCode(covered);
  const neverRun = code.filter(({ count }) => count === 0);
  const points: Partial<Record<Status, number>> = {};
  for (const { status } of seen.points) points[status] = (points[status] ?? 0) + 1;
  return coverageSchema.parse({
    schema: 'ringtrial.coverage/1',
    summary: summarise(points, {
      counted: counters.counts.size > 0,
      changed: code.length,
      neverRun: neverRun.length,
    }),
    candidate: trial.candidate.name,
    tree: trial.tree.id,
    suite: trial.suite.name,
    kernel: trial.base.hash,
    points,
    changed: code.length,
    neverRun: neverRun.map(({ path: file, line, text }) => ({ path: file, line, text })),
    unknown: trial.suite.programs.map(({ name }) => name).filter((name) => !counters.counts.has(name)),
    files: covered,
    directory: trial.run.path,
    ...ending(trial),
  });
}

function summarise(
  points: Partial<Record<Status, number>>,
  {
    counted,
    changed,
    neverRun,
  }: {
    readonly counted: boolean;
    readonly changed: number;
    readonly neverRun: number;
  },
): string {
  const bad = (['FAIL', 'ERROR', 'MISS'] as const).flatMap((status) =>
    points[status] ? `${points[status]} ${status}` : [],
  );
  const tests = bad.length === 0 ? 'passed' : `not passed (${bad.join(', ')})`;
  // Which lines have code is known by their counters.
  if (!counted) return `${tests}; no program's counters came back, so nobody knows which lines were run`;
  if (changed === 0) return `${tests}; the patch brings no line of io_uring/ that has code`;
  return neverRun === 0
    ? `${tests}, and all ${changed} changed lines were run`
    : `${tests}, but ${neverRun} of ${changed} changed lines were never run`;
}
