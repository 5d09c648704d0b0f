import { existsSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { isKnownFailure } from '../policy-compare.ts';
import { buildSide, prepare, settleGuests } from '../prepare.ts';
import { runSide, type SideResult } from '../side.ts';
import type { PointResult } from '../status.ts';
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
  const words = coverageWords(lines, trial.suite.programs.length);
  return coverageSchema.parse({
    schema: 'ringtrial.coverage/1',
    summary: summarise(seen, words),
    candidate: trial.candidate.name,
    tree: trial.tree.id,
    suite: trial.suite.name,
    kernel: trial.base.hash,
    points: countsOf(seen),
    ...lines,
    directory: trial.run.path,
    ...ending(trial),
  });
}

function countsOf(points: readonly PointResult[]): Coverage['points'] {
  const counts: Coverage['points'] = {};
  for (const { status } of points) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** One line: what the tests said, then what ran. Failures that kernels of this age are known for are no news of the patch. */
export function summarise(points: readonly PointResult[], words: CoverageWords): string {
  const others = points.filter((point) => point.status !== 'FAIL' || !isKnownFailure(point));
  const known = points.length - others.length;
  const counts = countsOf(others);
  const bad = (['FAIL', 'ERROR', 'MISS'] as const).flatMap((status) =>
    counts[status] ? `${counts[status]} ${status}` : [],
  );
  if (bad.length > 0) return withLines(`not passed (${bad.join(', ')})`, false, words);
  if (!counts.PASS) return withLines('no test passed', false, words);
  const apart = known === 0 ? '' : ` apart from ${known} known failure${known === 1 ? '' : 's'}`;
  return withLines(`passed${apart}`, true, words);
}
