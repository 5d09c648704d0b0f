import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../common/errors.ts';
import { type Applied, applySeries, type Candidate, loadCandidate } from '../patches/index.ts';
import { guestImage, type Image } from '../vm/image/image.ts';
import {
  buildKernel,
  type CompileError,
  type Kernel,
  loadProfile,
  type Profile,
  resolveTree,
  type Tree,
} from '../vm/kernel/index.ts';
import { type AcceleratorChoice, chooseAccelerator } from '../vm/qemu/accel.ts';
import type { Accelerator, GuestShape, Machine } from '../vm/qemu/args.ts';
import { type CellsResult, runCells } from './cells.ts';
import type { Listener, Side, TrialEvent } from './events.ts';
import { bootSource, forkSource, type SourceRequest } from './guest-sources.ts';
import { judge } from './judge.ts';
import { reproduceScript, writeReproductionInitrd } from './reproduce.ts';
import { RunDirectory } from './run-directory.ts';
import { loadSuite, type Suite } from './suite.ts';
import { type Verdict, verdictSchema } from './verdict.ts';

/** The base itself does not compile: nothing can be said about a patch on it. */
export class BaseBuildError extends RingtrialError {
  readonly code = 'BASE_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.inconclusive;
}

export interface EvaluateOptions {
  /** A candidate's name (`2-lookup-under-uring-lock`, `mutants/NAME`, `base`), a patch file, or a directory of them. */
  readonly patch: string;
  /** `debian:X`, a directory, `DIR@REF`, a tarball; by default the first tree that the candidate names, or `debian:6.1`. */
  readonly tree?: string | undefined;
  readonly profile?: string | undefined;
  readonly suite?: string | undefined;
  /** How often each kernel runs the whole suite. */
  readonly repeat?: number | undefined;
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
interface Prepared {
  readonly options: EvaluateOptions;
  readonly candidate: Candidate;
  readonly tree: Tree;
  readonly profile: Profile;
  readonly applied: Applied;
  readonly run: RunDirectory;
  readonly emit: Listener;
  readonly startedAt: Date;
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
  const prepared = await prepare(options);
  const { emit, run, profile } = prepared;
  const accelerator = await chooseAccelerator(options.accel ?? 'auto');
  emit({ type: 'accelerator', ...accelerator });
  const suite = await compileSuite(prepared);
  const image = await guestImage(options.signal);
  const base = await buildBase(prepared);
  const trial: Trial = {
    ...prepared,
    accelerator,
    suite,
    image,
    base,
    shape: shapeOf(options, profile, accelerator),
  };
  const built = await buildSide(prepared, 'candidate');
  const verdict = built.ok ? await tryBoth(trial, built.kernel) : compileVerdict(trial, built.error);
  run.writeVerdict(verdict);
  emit({ type: 'verdict', verdict: verdict.verdict, summary: verdict.summary });
  return verdict;
}

interface Trial extends Prepared {
  readonly accelerator: Accelerator;
  readonly suite: Suite;
  readonly image: Image;
  readonly shape: GuestShape;
  readonly base: Kernel;
}

/** All that can be refused is refused here, before anything is built. */
async function prepare(options: EvaluateOptions): Promise<Prepared> {
  const startedAt = new Date();
  const candidate = await loadCandidate(options.patch);
  const profile = await loadProfile(options.profile ?? 'lockdep');
  const queue: TrialEvent[] = [];
  let emit: Listener = (event) => void queue.push(event);
  const onEvent = forSide('candidate', (event) => {
    emit(event);
    options.onEvent?.(event);
  });
  const spec = options.tree ?? candidate.trees[0] ?? 'debian:6.1';
  const tree = await resolveTree(spec, { onEvent, signal: options.signal });
  const applied = await applySeries(tree.dir, candidate, options.signal ? { signal: options.signal } : {});
  const run = new RunDirectory(candidate.name, options.out);
  for (const event of queue) run.record(event);
  emit = (event) => {
    run.record(event);
    options.onEvent?.(event);
  };
  emit({ type: 'started', directory: run.path, candidate: candidate.name, tree: tree.id });
  for (const message of notices(candidate, spec, applied)) emit({ type: 'notice', message });
  return { options, candidate, tree, profile, applied, run, emit, startedAt };
}

function notices(candidate: Candidate, spec: string, applied: Applied): string[] {
  const foreign = candidate.trees.length > 0 && !candidate.trees.includes(spec);
  return [
    ...(foreign ? [`${candidate.name} was written for ${candidate.trees.join(', ')}, not for ${spec}`] : []),
    ...applied.fuzz,
  ];
}

const forSide =
  (side: Side, emit: Listener) =>
  (event: Extract<TrialEvent, { type: 'kernel' }>['event']): void =>
    emit({ type: 'kernel', side, event });

async function compileSuite({ options, emit }: Prepared): Promise<Suite> {
  emit({ type: 'suite', state: 'compiling', programs: 0 });
  const suite = await loadSuite(options.suite ?? 'fixed-buffers', options.signal);
  emit({ type: 'suite', state: 'ready', programs: suite.programs.length });
  return suite;
}

const buildSide = (prepared: Prepared, side: Side): ReturnType<typeof buildKernel> =>
  buildKernel(
    {
      tree: prepared.tree,
      changes: side === 'base' ? [] : prepared.applied.changes,
      label: side === 'base' ? 'base' : prepared.candidate.name,
      profile: prepared.profile.name,
    },
    {
      onEvent: forSide(side, prepared.emit),
      signal: prepared.options.signal,
      jobs: prepared.options.jobs,
    },
  );

async function buildBase(prepared: Prepared): Promise<Kernel> {
  const built = await buildSide(prepared, 'base');
  if (built.ok) return built.kernel;
  const { file, line, message, log } = built.error;
  throw new BaseBuildError(
    `The unpatched tree ${prepared.tree.id} does not compile here, so no patch on it can be judged.\n` +
      `${file === null ? '' : `${file}:${line ?? '?'}: `}${message}\nThe whole log: ${log}`,
  );
}

const shapeOf = (options: EvaluateOptions, profile: Profile, accelerator: Accelerator): GuestShape => ({
  machine: options.machine ?? 'microvm',
  accelerator: accelerator.name,
  vcpus: profile.vcpus,
  memoryMiB: profile.memoryMiB,
});

async function tryBoth(trial: Trial, candidate: Kernel): Promise<Verdict> {
  await writeReproduction(trial, candidate);
  const baseSeen = await runSide(trial, 'base', trial.base);
  if (baseSeen.bootFailure) throw baseSeen.bootFailure;
  const candidateSeen = await runSide(trial, 'candidate', candidate);
  const judgement = judge(baseSeen, candidateSeen, { strict: trial.options.strict ?? false });
  return verdictSchema.parse({ ...facts(trial, candidate), ...judgement, ...ending(trial) });
}

async function runSide(trial: Trial, side: Side, kernel: Kernel): Promise<CellsResult> {
  const { suite, run, options, emit } = trial;
  const request: SourceRequest = {
    kernel,
    suite,
    shape: trial.shape,
    image: trial.image,
    commandLine: trial.profile.commandLine,
    directory: path.join(run.path, side),
    onNotice: (message) => emit({ type: 'notice', message }),
    signal: options.signal,
  };
  const source = options.guests === 'boot' ? bootSource(request) : await forkSource(request);
  return await runCells({
    side,
    suite,
    source,
    repetitions: options.repeat ?? 1,
    lockdep: /^CONFIG_LOCKDEP=y$/m.test(await readFile(kernel.config, 'utf8')),
    directory: run.path,
    onEvent: emit,
    signal: options.signal,
  });
}

async function writeReproduction(trial: Trial, candidate: Kernel): Promise<void> {
  await writeReproductionInitrd(trial.image, trial.suite, path.join(trial.run.path, 'reproduce.initrd'));
  const script = reproduceScript({
    shape: trial.shape,
    commandLine: trial.profile.commandLine,
    vmlinux: { base: trial.base.vmlinux, candidate: candidate.vmlinux },
    rebuild: `ringtrial evaluate ${trial.options.patch} --tree ${trial.tree.spec} --profile ${trial.profile.name}`,
  });
  trial.run.write('reproduce.sh', script, 0o755);
}

/** A candidate that does not compile is rejected: the first error, and the patch that brought its line. */
function compileVerdict(trial: Trial, error: CompileError): Verdict {
  const patch =
    error.file === null || error.line === null ? undefined : trial.applied.lineOrigin(error.file, error.line);
  const where = error.file === null ? '' : `${error.file}:${error.line ?? '?'}: `;
  const from = patch === undefined ? '' : ` (line from ${patch})`;
  const text = `the patched tree does not compile: ${where}${error.message}${from}`;
  return verdictSchema.parse({
    ...facts(trial, undefined),
    verdict: 'rejected',
    summary: `rejected: ${text}`,
    reasons: [{ weight: 'reject', subject: 'build', text }],
    buildError: {
      file: error.file,
      line: error.line,
      message: error.message,
      patch: patch ?? null,
      log: error.log,
    },
    tests: [],
    behaviours: [],
    reports: [],
    ...ending(trial),
  });
}

function facts(trial: Trial, candidate: Kernel | undefined): Partial<Verdict> {
  const { tree, options } = trial;
  return {
    schema: 'ringtrial.verdict/1',
    candidate: {
      name: trial.candidate.name,
      title: trial.candidate.title,
      patches: trial.candidate.patches.map((patch) => ({
        name: patch.name,
        sha256: createHash('sha256').update(patch.bytes).digest('hex'),
      })),
    },
    tree: { spec: tree.spec, id: tree.id, version: tree.version, hash: tree.hash },
    profile: trial.profile.name,
    suite: trial.suite.name,
    accelerator: trial.accelerator,
    repetitions: options.repeat ?? 1,
    strict: options.strict ?? false,
    kernels: {
      base: kernelFacts(trial.base),
      ...(candidate ? { candidate: kernelFacts(candidate) } : {}),
    },
    directory: trial.run.path,
    startedAt: trial.startedAt.toISOString(),
  };
}

const kernelFacts = ({ hash, version, vmlinux, reused }: Kernel): Verdict['kernels']['base'] => ({
  hash,
  version,
  vmlinux,
  reused,
});

const ending = (trial: Trial): { seconds: number } => ({
  seconds: Math.round((Date.now() - trial.startedAt.getTime()) / 100) / 10,
});
