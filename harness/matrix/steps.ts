import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { applySeries, base, type Candidate, repositoryOf } from '../../patches/index.ts';
import {
  type BuildOptions,
  buildKernel,
  type CompileError,
  findTree,
  type Kernel,
  resolveTree,
  type Tree,
} from '../../vm/kernel/index.ts';
import { testBase, tryBuilt } from '../evaluate.ts';
import { prepare, settleGuests } from '../prepare.ts';
import { stamp } from '../run-directory.ts';
import type { SideResult } from '../side.ts';
import { loadSuite, type Suite } from '../suite.ts';
import type { EvaluateOptions } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import type { MatrixListener } from './events.ts';
import { restored } from './expand.ts';
import { baseKey, type Plan, type PlannedTrial } from './plan.ts';
import { readSide, writeSide } from './side-file.ts';

/** What came of a step that others wait for. `impossible`: nobody can do it here, and why. */
export type Outcome<Done> =
  | ({ readonly state: 'done' } & Done)
  | { readonly state: 'impossible'; readonly why: string };
export type BuildOutcome =
  | Outcome<{ readonly kernel: Kernel }>
  | { readonly state: 'rejected'; readonly error: CompileError };
/** `directory` is the run of base, in which its consoles lie; `baseHash` its kernel's. */
export type BaseOutcome = Outcome<{
  readonly seen: SideResult;
  readonly directory: string;
  readonly baseHash: string;
}>;

/** Where a matrix's files go. */
export interface Place {
  readonly plan: Plan;
  /** An absolute path in it. */
  at(...parts: string[]): string;
  verdictOf(trial: PlannedTrial): Verdict | undefined;
  /** The tree that a matrix began with, by its spec. */
  pinnedTree(spec: string): { readonly id: string; readonly hash: string } | undefined;
  pinTree(spec: string, tree: { readonly id: string; readonly hash: string }): void;
}

/** This machine is not the one for it: another one may be, so it is no outcome of the step. */
export class UnfitMachineError extends RingtrialError {
  readonly code = 'UNFIT_MACHINE';
  override readonly exitCode = ExitCode.inconclusive;
}

export interface StepOptions {
  /** Compilers at once. */
  readonly jobs?: number | undefined;
  /** Has kernels that this machine has not. */
  readonly elsewhere?: BuildOptions['elsewhere'];
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: MatrixListener;
}

/** Tests have deadlines and builds have not: a compiler takes what the guests leave of the processors. */
const niceness = 5;

/** The single steps of a matrix: a build, a run of base, a trial. None of them throws for what a candidate does. */
export class Steps {
  readonly #directory: Place;
  readonly #options: StepOptions;
  readonly #trees = new Map<string, Promise<Tree>>();
  readonly #suites = new Map<string, Promise<Suite>>();

  constructor(directory: Place, options: StepOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Builds one kernel of a trial, or finds it built. */
  async build(
    { candidate, meant, profile, tree }: PlannedTrial,
    side: 'base' | 'candidate',
  ): Promise<BuildOutcome> {
    const { signal, jobs, elsewhere } = this.#options;
    const series = side === 'base' ? base : this.#candidate(candidate);
    const label = `${series.name}@${tree}/${profile}`;
    return await this.#possible(async () => {
      const source = await this.#tree(meant.tree);
      const applied = await applySeries(source.dir, series, {
        repository: await repositoryOf(meant.tree),
        ...(signal ? { signal } : {}),
      });
      const built = await buildKernel(
        { tree: source, changes: applied.changes, label: series.name, profile: meant.profile },
        {
          ...{ signal, jobs, elsewhere, niceness },
          onEvent: (event) => this.#options.onEvent({ type: 'build', label, event }),
        },
      );
      return built.ok ? { state: 'done', kernel: built.kernel } : { state: 'rejected', error: built.error };
    });
  }

  /** Takes base through a trial's suite, or finds what it did for an earlier trial. */
  async base(trial: PlannedTrial, kernel: Kernel): Promise<BaseOutcome> {
    const key = baseKey(trial);
    const known = this.#knownBase(key, kernel);
    if (known) return known;
    const label = `base@${trial.tree}/${trial.profile}/${trial.suite}`;
    // A name that no other process gives, so that what several machines did can be put together.
    const directory = this.#directory.at('bases', `${key}-${stamp()}-${process.pid}`);
    return await this.#possible(async () => {
      const prepared = await prepare(
        {
          ...this.#optionsOf(trial, directory),
          patch: base.name,
          onEvent: (event) => this.#options.onEvent({ type: 'base', label, event }),
        },
        { ...(await this.#given(trial)), candidate: base },
      );
      const seen = await testBase({ ...prepared, ...(await settleGuests(prepared)), base: kernel });
      writeSide(directory, kernel.hash, seen);
      return { state: 'done', seen, directory, baseHash: kernel.hash };
    });
  }

  #knownBase(key: string, kernel: Kernel): BaseOutcome | undefined {
    const root = this.#directory.at('bases');
    const names = existsSync(root) ? readdirSync(root).filter((name) => name.startsWith(`${key}-`)) : [];
    for (const name of names.toSorted()) {
      const directory = path.join(root, name);
      const seen = readSide(directory, kernel.hash);
      if (seen) return { state: 'done', seen, directory, baseHash: kernel.hash };
    }
    return undefined;
  }

  /**
   * Puts a built candidate on trial against a base that was built, and tested unless the trial tests its own.
   * The verdict is in the trial's directory then.
   *
   * @returns why there is no verdict, if there is none
   */
  async trial(
    trial: PlannedTrial,
    kernels: { readonly base: Kernel; readonly candidate: Exclude<BuildOutcome, { state: 'impossible' }> },
    known?: Extract<BaseOutcome, { state: 'done' }>,
  ): Promise<string | undefined> {
    const tried = await this.#possible(async () => {
      const directory = this.#directory.at(trial.directory);
      const candidate = this.#candidate(trial.candidate);
      const prepared = await prepare(
        {
          ...this.#optionsOf(trial, directory),
          onEvent: (event) => this.#options.onEvent({ type: 'trial', id: trial.id, event }),
        },
        { ...(await this.#given(trial)), candidate },
      );
      if (known)
        symlinkSync(
          path.relative(directory, path.join(known.directory, 'base')),
          path.join(directory, 'base'),
        );
      const { base, candidate: built } = kernels;
      await tryBuilt(
        { ...prepared, ...(await settleGuests(prepared)), base },
        built.state === 'done' ? { ok: true, kernel: built.kernel } : { ok: false, error: built.error },
        known?.seen,
      );
      return { state: 'done' as const };
    });
    if (tried.state === 'impossible') return tried.why;
    return this.#directory.verdictOf(trial) ? undefined : 'its verdict could not be written';
  }

  /** Whatever is wrong with one trial is that trial's result, and none of the others'. */
  async #possible<T>(
    work: () => Promise<T>,
  ): Promise<T | { readonly state: 'impossible'; readonly why: string }> {
    try {
      return await work();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (error instanceof UnfitMachineError) throw error;
      const { message, stack } = error as Error;
      if (!(error instanceof RingtrialError))
        this.#options.onEvent({
          type: 'notice',
          message: `this is a fault of Ringtrial itself: ${stack ?? message}`,
        });
      return { state: 'impossible', why: message.split('\n')[0] ?? '' };
    }
  }

  #candidate(name: string): Candidate {
    const stored = this.#directory.plan.candidates[name];
    if (stored === undefined) throw new Error(`the plan has no candidate ${name}`);
    return name === base.name ? base : restored(name, stored);
  }

  #optionsOf({ candidate, meant, settings }: PlannedTrial, out: string): EvaluateOptions {
    const { tree, profile, suite } = meant;
    return { patch: candidate, tree, profile, suite, ...settings, out, signal: this.#options.signal };
  }

  async #given({ meant }: PlannedTrial): Promise<{ tree: Tree; suite: Suite }> {
    const tree = await this.#tree(meant.tree);
    const key = `${meant.suite} ${tree.version}`;
    const suite = remembered(this.#suites, key, () =>
      loadSuite(meant.suite, this.#options.signal, { kernel: tree.version }),
    );
    return { tree, suite: await suite };
  }

  /** A tree is what it was when the matrix began. */
  #tree(spec: string): Promise<Tree> {
    return remembered(this.#trees, spec, async () => {
      const pinned = this.#directory.pinnedTree(spec);
      const cached = pinned === undefined ? null : await findTree(pinned.id, spec);
      if (cached !== null && cached.hash === pinned?.hash) return cached;
      const { signal, onEvent } = this.#options;
      const tree = await resolveTree(spec, {
        signal,
        onEvent: (event) => onEvent({ type: 'build', label: spec, event }),
      });
      if (pinned !== undefined && pinned.hash !== tree.hash)
        onEvent({
          type: 'notice',
          message: `${spec} was ${pinned.id} when this matrix began, and is ${tree.id} now`,
        });
      this.#directory.pinTree(spec, tree);
      return tree;
    });
  }
}

/** What fails is tried again when it is wanted again. */
function remembered<T>(all: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = all.get(key);
  if (known) return known;
  const made = make();
  all.set(key, made);
  made.catch(() => all.delete(key));
  return made;
}
