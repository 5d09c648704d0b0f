import { existsSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { buildSide, prepare, settleGuests } from '../prepare.ts';
import { runSide, type SideResult } from '../side.ts';
import type { Status } from '../status.ts';
import type { EvaluateOptions, Trial } from '../trial.ts';
import { ending } from '../verdict-of-trial.ts';
import { CounterBook } from './counter-book.ts';
import { CountersError } from './gcov.ts';
import { type Coverage, coverageSchema, type LineCoverage } from './schema.ts';
import { type CoverageWords, coverageWords, withLines } from './words.ts';

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
 * @throws what `evaluate` throws; CoverageBuildError; CountersError for a tree that has no io_uring/
 */
export async function coverage(options: CoverageOptions): Promise<Coverage> {
  const prepared = await prepare({ ...options, profile: 'coverage' });
  const { tree } = prepared;
  if (!existsSync(path.join(tree.dir, 'io_uring')))
    throw new CountersError(
      `${tree.id} has no directory io_uring/, as it is older than that, and lines are counted only there.`,
    );
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
  const book = await CounterBook.open(prepared, kernel);
  const seen = await runSide(trial, 'candidate', kernel, { afterProgram: book.take });
  if (seen.bootFailure) throw seen.bootFailure;
  const result = conclude(trial, seen, book.lines(trial.suite));
  prepared.run.write('coverage.json', `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function conclude(trial: Trial, { points: seen }: SideResult, lines: LineCoverage): Coverage {
  const points: Partial<Record<Status, number>> = {};
  for (const { status } of seen) points[status] = (points[status] ?? 0) + 1;
  return coverageSchema.parse({
    schema: 'ringtrial.coverage/1',
    summary: summarise(points, coverageWords(lines, trial.suite.programs.length)),
    candidate: trial.candidate.name,
    tree: trial.tree.id,
    suite: trial.suite.name,
    kernel: trial.base.hash,
    points,
    ...lines,
    directory: trial.run.path,
    ...ending(trial),
  });
}

function summarise(points: Partial<Record<Status, number>>, words: CoverageWords): string {
  const bad = (['FAIL', 'ERROR', 'MISS'] as const).flatMap((status) =>
    points[status] ? `${points[status]} ${status}` : [],
  );
  return withLines(bad.length === 0 ? 'passed' : `not passed (${bad.join(', ')})`, bad.length === 0, words);
}
