import path from 'node:path';
import { ExitCode, RingtrialError } from '../common/errors.ts';
import type { BuildResult, Kernel } from '../vm/kernel/index.ts';
import { meanPass } from './cells.ts';
import { certaintyOf } from './certainty.ts';
import { CounterBook } from './coverage/counter-book.ts';
import { coverageWords, withLines } from './coverage/words.ts';
import type { Judgement } from './judge.ts';
import { judgeTrial } from './judge-trial.ts';
import { recordRun } from './ledger/record.ts';
import { buildSide, prepare, settleGuests } from './prepare.ts';
import { reproduceScript, writeReproductionInitrd } from './reproduce.ts';
import { runRounds, type Sides } from './rounds.ts';
import { RunDirectoryError } from './run-directory.ts';
import { settleSchedules } from './schedules/settle.ts';
import { confirmed, runSide, type SideResult } from './side.ts';
import type { Suite } from './suite.ts';
import type { EvaluateOptions, Prepared, Trial } from './trial.ts';
import { type Verdict, verdictSchema } from './verdict.ts';
import { compileVerdict, ending, facts } from './verdict-of-trial.ts';

/** The base itself does not compile: nothing can be said about a patch on it. */
export class BaseBuildError extends RingtrialError {
  readonly code = 'BASE_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.inconclusive;
}

/**
 * Puts a patch on trial: base and candidate are built, booted, and taken through the same suite.
 * The verdict is also written to the run directory, beside all evidence for it.
 *
 * A candidate that does not compile, or does not boot where base does, is a verdict.
 *
 * @throws RingtrialError with a `code` for every fault a user can act on, and the signal's reason
 */
export async function evaluate(options: EvaluateOptions): Promise<Verdict> {
  return await tryCandidate(await openTrial(await prepare(options)));
}

/** Builds the base of a trial, and settles what all its guests are like. */
export async function openTrial(prepared: Prepared): Promise<Trial> {
  const guests = await settleGuests(prepared);
  const trial = { ...prepared, ...guests, base: await buildBase(prepared) };
  return { ...trial, schedules: await settleSchedules(trial) };
}

/**
 * Builds and tests the candidate of a trial, and judges it.
 *
 * @param known what base did, when that is known already; else base is tested too
 */
export const tryCandidate = async (trial: Trial, known?: SideResult): Promise<Verdict> =>
  await tryBuilt(trial, await buildSide(trial, 'candidate'), known);

/** The same for a candidate that has been built, or did not compile. */
export async function tryBuilt(trial: Trial, built: BuildResult, known?: SideResult): Promise<Verdict> {
  const verdict = built.ok ? await tryBoth(trial, built.kernel, known) : compileVerdict(trial, built.error);
  try {
    trial.run.writeVerdict(verdict);
    const problem = recordRun(verdict, trial.run.path);
    if (problem !== undefined) trial.emit({ type: 'notice', message: problem });
  } catch (error) {
    // The verdict itself is not lost: the caller gets it.
    if (!(error instanceof RunDirectoryError)) throw error;
    trial.emit({ type: 'notice', message: error.message });
  }
  trial.emit({ type: 'verdict', verdict: verdict.verdict, summary: verdict.summary });
  return verdict;
}

/** Takes the base of a trial through the suite. */
export async function testBase(trial: Trial): Promise<SideResult> {
  const seen = await runSide(trial, 'base', trial.base);
  if (seen.bootFailure) throw seen.bootFailure;
  return seen;
}

async function buildBase(prepared: Prepared): Promise<Kernel> {
  const built = await buildSide(prepared, 'base');
  if (built.ok) return built.kernel;
  const { file, line, message, log } = built.error;
  throw new BaseBuildError(
    `The unpatched tree ${prepared.tree.id} does not compile here, so no patch on it can be judged.\n` +
      `${file === null ? '' : `${file}:${line ?? '?'}: `}${message}\nThe whole log: ${log}`,
  );
}

async function tryBoth(trial: Trial, candidate: Kernel, known?: SideResult): Promise<Verdict> {
  await writeReproduction(trial, candidate);
  const book = trial.profile.name === 'coverage' ? await CounterBook.open(trial, candidate) : undefined;
  const afterProgram = book?.take;
  const sides: Sides = known
    ? { base: known, candidate: await runSide(trial, 'candidate', candidate, { afterProgram }) }
    : await runRounds(trial, candidate, afterProgram);
  const judged = await judgeTrial(trial, sides);
  const judgement = await confirmed(judged, trial, { kernel: candidate, seen: sides.candidate });
  const certainty = certaintyOf(sides.candidate, judgement, {
    asked: trial.options.repeat ?? 1,
    stopped: sides.stopped,
  });
  return verdictSchema.parse({
    ...facts(trial, candidate),
    ...{ pass: passOf(trial.suite, sides), ...judgement, ...certainty },
    ...(book && !sides.candidate.bootFailure ? linesOf(trial, judgement, book) : {}),
    ...ending(trial),
  });
}

/** What ran of the patch, with a word about it in the summary; nothing where there is no patch. */
function linesOf(
  { applied, suite }: Trial,
  { verdict, summary }: Judgement,
  book: CounterBook,
): Pick<Verdict, 'summary' | 'coverage'> {
  if (applied.changes.length === 0) return { summary };
  const coverage = book.lines(suite);
  const words = coverageWords(coverage, suite.programs.length);
  return { summary: withLines(summary, verdict === 'accepted', words), coverage };
}

/** How long one pass through the suite took. */
const passOf = ({ programs: { length: programs } }: Suite, { base, candidate }: Sides): Verdict['pass'] => ({
  programs,
  base: meanPass(base.passes, programs),
  candidate: meanPass(candidate.passes, programs),
});

/** A convenience, without which the trial goes on. */
async function writeReproduction(trial: Trial, candidate: Kernel): Promise<void> {
  const script = reproduceScript({
    shape: trial.shape,
    commandLine: trial.profile.commandLine,
    vmlinux: { base: trial.base.vmlinux, candidate: candidate.vmlinux },
    rebuild: `ringtrial evaluate ${trial.options.patch} --tree ${trial.tree.spec} --profile ${trial.profile.name}`,
  });
  try {
    await writeReproductionInitrd(trial.image, trial.suite, path.join(trial.run.path, 'reproduce.initrd'));
    trial.run.write('reproduce.sh', script, 0o755);
  } catch (error) {
    trial.emit({ type: 'notice', message: `no reproduce.sh: ${(error as Error).message}` });
  }
}
