import type { Kernel } from '../../vm/kernel/index.ts';
import type { MatrixDirectory } from './directory.ts';
import type { MatrixDocument } from './document.ts';
import { type Job, runLanes } from './lanes.ts';
import { baseKey, type PlannedTrial } from './plan.ts';
import { type BaseOutcome, type BuildOutcome, type StepOptions, Steps } from './steps.ts';

type Lane = 'build' | 'guests';

/**
 * Does what is missing of a matrix: builds in one lane, guests in the other, so that the next kernel is
 * built while the last one is tested. matrix.json says after each trial how far it came.
 *
 * @param trials those of the plan that are this process's
 */
export async function runTrials(
  directory: MatrixDirectory,
  trials: readonly PlannedTrial[],
  options: StepOptions,
): Promise<MatrixDocument> {
  const missing = new Map<string, string>();
  const open = trials.filter((trial) => directory.verdictOf(trial) === undefined);
  let done = trials.length - open.length;
  options.onEvent({ type: 'began', directory: directory.path, trials: trials.length, finished: done });
  directory.write(missing, trials);
  const work = new Work(directory, options, (trial, problem) => {
    if (problem !== undefined) missing.set(trial.id, problem);
    const row = directory.write(missing, trials).trials.find(({ id }) => id === trial.id);
    if (row) options.onEvent({ type: 'finished', trial: row, done: ++done, trials: trials.length });
  });
  await runLanes(work.jobs(open), options.signal);
  return directory.write(missing, trials);
}

type Finished = (trial: PlannedTrial, problem: string | undefined) => void;

/** The jobs of a matrix, and what came of those that others wait for. */
class Work {
  readonly #steps: Steps;
  readonly #builds = new Map<string, BuildOutcome>();
  readonly #bases = new Map<string, BaseOutcome>();
  readonly #finished: Finished;
  readonly #sharesBase: boolean;

  constructor(directory: MatrixDirectory, options: StepOptions, finished: Finished) {
    this.#steps = new Steps(directory, options);
    this.#sharesBase = directory.plan.base === 'shared';
    this.#finished = finished;
  }

  /** In the order of the trials; each build and each base once. */
  jobs(trials: readonly PlannedTrial[]): Job<Lane>[] {
    const all = trials.flatMap((trial) => [
      this.#build(trial, 'base'),
      ...(this.#sharesBase ? [this.#base(trial)] : []),
      this.#build(trial, 'candidate'),
      this.#trial(trial),
    ]);
    return [...new Map(all.map((job) => [job.key, job])).values()];
  }

  #build(trial: PlannedTrial, side: 'base' | 'candidate'): Job<Lane> {
    const key = buildKey(trial, side);
    return {
      key,
      lane: 'build',
      // A work tree is filled with base first: then a candidate is a few objects more.
      needs: side === 'base' ? [] : [buildKey(trial, 'base')],
      run: async () => void this.#builds.set(key, await this.#steps.build(trial, side)),
    };
  }

  #base(trial: PlannedTrial): Job<Lane> {
    const key = `run ${baseKey(trial)}`;
    return {
      key,
      lane: 'guests',
      needs: [buildKey(trial, 'base')],
      run: async () => {
        const kernel = this.#baseKernel(trial);
        this.#bases.set(
          key,
          typeof kernel === 'string'
            ? { state: 'impossible', why: kernel }
            : await this.#steps.base(trial, kernel),
        );
      },
    };
  }

  #trial(trial: PlannedTrial): Job<Lane> {
    const shared = `run ${baseKey(trial)}`;
    return {
      key: `trial ${trial.id}`,
      lane: 'guests',
      needs: [buildKey(trial, 'base'), buildKey(trial, 'candidate'), ...(this.#sharesBase ? [shared] : [])],
      run: async () => this.#finished(trial, await this.#try(trial, this.#bases.get(shared))),
    };
  }

  /** @returns why there is no verdict, if there is none */
  async #try(trial: PlannedTrial, known: BaseOutcome | undefined): Promise<string | undefined> {
    const base = this.#baseKernel(trial);
    if (typeof base === 'string') return base;
    const candidate = this.#builds.get(buildKey(trial, 'candidate'));
    if (candidate?.state === 'impossible') return candidate.why;
    if (candidate === undefined) return 'its kernel was never built';
    // A candidate that does not compile needs no run of base to be rejected.
    if (known?.state === 'impossible' && candidate.state === 'done')
      return `base could not be tested: ${known.why}`;
    return await this.#steps.trial(trial, { base, candidate }, known?.state === 'done' ? known : undefined);
  }

  /** Or why there is none. */
  #baseKernel(trial: PlannedTrial): Kernel | string {
    const built = this.#builds.get(buildKey(trial, 'base'));
    if (built?.state === 'done') return built.kernel;
    if (built?.state === 'impossible') return built.why;
    return `the unpatched tree does not compile: ${built?.error.message ?? 'it was never built'}`;
  }
}

const buildKey = ({ candidate, meant }: PlannedTrial, side: 'base' | 'candidate'): string =>
  `build ${side === 'base' ? 'base' : `candidate ${candidate}`} ${meant.tree} ${meant.profile}`;
