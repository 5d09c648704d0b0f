import type { Applied, Candidate } from '../patches/index.ts';
import type { Image } from '../vm/image/image.ts';
import type { Kernel, Profile, Tree } from '../vm/kernel/index.ts';
import type { AcceleratorChoice } from '../vm/qemu/accel.ts';
import type { Accelerator, GuestShape, Machine } from '../vm/qemu/args.ts';
import type { Listener } from './events.ts';
import type { KnownReport } from './known-reports.ts';
import type { RunDirectory } from './run-directory.ts';
import type { Schedule } from './schedules/schedule.ts';
import type { Suite } from './suite.ts';
import type { Verdict } from './verdict.ts';

export interface EvaluateOptions {
  /** A candidate's name (`2-lookup-under-uring-lock`, `mutants/NAME`, `base`), a patch file, or a directory of them. */
  readonly patch: string;
  /** Only the first so many patches of the series. */
  readonly patches?: number | undefined;
  /** `debian:X`, a directory, `DIR@REF`, a tarball; by default the first tree that the candidate names, or `debian:6.1`. */
  readonly tree?: string | undefined;
  readonly profile?: string | undefined;
  readonly suite?: string | undefined;
  /** Only these programs of the suite. */
  readonly only?: readonly string[] | undefined;
  /**
   * How often each kernel runs the whole suite, in turns; `auto`: until the answer is sure (`nextRound`
   * says when), which only a whole trial can do, not one with a base that was run earlier.
   */
  readonly repeat?: number | 'auto' | undefined;
  /** A file of reports that are accepted though base does not give them (`loadKnownReports`); none by default. */
  readonly known?: string | undefined;
  /** Under how many schedules each test runs; 1, the ordinary guest, by default. */
  readonly perturb?: { readonly count: number; readonly seed: number } | undefined;
  /** A guest in which something hangs leaves a core of its RAM in the hang's dossier. */
  readonly dump?: boolean | undefined;
  /** A change in behaviour rejects. */
  readonly strict?: boolean | undefined;
  readonly accel?: AcceleratorChoice | undefined;
  readonly machine?: Machine | undefined;
  /** `fork` (default): each test in its own fork of a booted guest; `boot`: in a guest that is booted and shared. */
  readonly guests?: 'fork' | 'boot' | undefined;
  /** The run directory, which must not exist; by default a new one below `runsRoot()`. */
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly onEvent?: Listener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Everything a trial needs before its first build. */
export interface Prepared {
  readonly options: EvaluateOptions;
  readonly candidate: Candidate;
  readonly tree: Tree;
  readonly profile: Profile;
  readonly suite: Suite;
  readonly applied: Applied;
  readonly known: readonly KnownReport[] | undefined;
  readonly run: RunDirectory;
  readonly emit: Listener;
  readonly startedAt: Date;
  /** Guests that did not boot at first; what runs the guests adds to it. */
  readonly secondTries: NonNullable<Verdict['secondTries']>;
}

/** A trial with everything that both kernels share. */
export interface Trial extends Prepared {
  readonly accelerator: Accelerator;
  readonly image: Image;
  readonly shape: GuestShape;
  readonly base: Kernel;
  /** Undefined: the ordinary guest alone. */
  readonly schedules?: readonly Schedule[] | undefined;
}

/** How often a side is run that does not wait for what the other one shows. */
export const repetitionsOf = ({ repeat = 1 }: Pick<EvaluateOptions, 'repeat'>): number =>
  repeat === 'auto' ? 1 : repeat;
