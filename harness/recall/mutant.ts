import { RingtrialError } from '../../common/errors.ts';
import type { Candidate } from '../../patches/index.ts';
import { buildSide, prepare } from '../prepare.ts';
import { secondsSince } from '../seconds.ts';
import { runSide, type SideResult } from '../side.ts';
import { changesOfApplied } from '../triage/suspect.ts';
import type { Trial } from '../trial.ts';
import type { BaseTrial } from './base.ts';
import { against } from './detector.ts';
import { type RecallOptions, runDirectoryOf } from './options.ts';
import type { MutantRow } from './schema.ts';
import { unobserved } from './unobserved.ts';

/** A candidate that is wrong on purpose, and as what it was asked for: its name, or a path. */
export type Mutant = Candidate & { readonly patch: string };

/** Runs the suite on one mutant until something speaks that does not on base, or the repetitions are used up. */
export async function tryMutant(mutant: Mutant, base: BaseTrial, options: RecallOptions): Promise<MutantRow> {
  const { tree, profile } = base.row;
  const about = {
    ...{ mutant: mutant.name, title: mutant.title, tree, profile },
    expected: mutant.expect?.detectors ?? [],
  };
  const nothing = { ...about, result: 'not tried' as const, how: [], repetitions: 0, seconds: 0 };
  try {
    const prepared = await prepare({
      ...base.trial.options,
      ...{ patch: mutant.patch, tree, profile },
      repeat: options.repeat,
      out: runDirectoryOf(options.out, mutant.name),
    });
    const directory = prepared.run.path;
    const built = await buildSide(prepared, 'candidate');
    if (!built.ok)
      return {
        ...nothing,
        directory,
        problem: `it does not compile: ${built.error.file}: ${built.error.message}`,
      };
    const trial: Trial = { ...base.trial, ...prepared };
    const changes = await changesOfApplied(trial.tree.dir, trial.applied.changes);
    const started = Date.now();
    const seen = await runSide(trial, 'candidate', built.kernel, {
      enough: (soFar) => against(base.seen, soFar, changes).length > 0,
    });
    return {
      ...about,
      ...judged(against(base.seen, seen, changes), { base: base.seen, seen, repeat: options.repeat }),
      seconds: secondsSince(started),
      directory,
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof RingtrialError)) throw error;
    return { ...nothing, directory: null, problem: error.message.split('\n')[0] ?? '' };
  }
}

/** What the suite makes of a mutant: caught, by what; missed; or neither, for it did not see all that it sees on base. */
function judged(
  spoke: ReturnType<typeof against>,
  { base, seen, repeat }: { readonly base: SideResult; readonly seen: SideResult; readonly repeat: number },
): Pick<MutantRow, 'result' | 'how' | 'repetitions' | 'problem'> {
  if (spoke.length > 0) {
    const how = spoke.map(({ detector, program, text }) => ({ detector, program, text }));
    const first = Math.min(...spoke.map(({ repetition }) => repetition));
    return { result: 'caught', how, repetitions: Math.max(1, first) };
  }
  // A guest that does not boot says nothing about the suite, and on a busy host nothing about the kernel.
  const problem =
    seen.bootFailure?.panic ?? seen.bootFailure?.message.split('\n')[0] ?? unobserved(base, seen);
  return problem === undefined
    ? { result: 'missed', how: [], repetitions: repeat }
    : { result: 'unclear', how: [], repetitions: repeat, problem };
}
