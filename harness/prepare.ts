import path from 'node:path';
import { type Applied, applySeries, type Candidate, loadCandidate, repositoryOf } from '../patches/index.ts';
import { guestImage } from '../vm/image/image.ts';
import { buildKernel, loadProfile, resolveTree, type Tree } from '../vm/kernel/index.ts';
import { chooseAccelerator } from '../vm/qemu/accel.ts';
import type { Listener, Side, TrialEvent } from './events.ts';
import { loadKnownReports } from './known-reports.ts';
import { RunDirectory } from './run-directory.ts';
import { loadSuite, onlyPrograms, type Suite } from './suite.ts';
import type { EvaluateOptions, Prepared, Trial } from './trial.ts';

/** What a caller has already, so that it is not found, resolved or compiled again. */
export interface Given {
  readonly candidate?: Candidate | undefined;
  readonly tree?: Tree | undefined;
  /** The whole suite; `only` still chooses from it. */
  readonly suite?: Suite | undefined;
}

/** All that can be refused is refused here, before anything is built. */
export async function prepare(options: EvaluateOptions, given: Given = {}): Promise<Prepared> {
  const startedAt = new Date();
  const known = options.known === undefined ? undefined : await loadKnownReports(options.known);
  const whole = given.candidate ?? (await loadCandidate(options.patch));
  const candidate = { ...whole, patches: whole.patches.slice(0, options.patches) };
  const profile = await loadProfile(options.profile ?? 'lockdep');
  const spec = options.tree ?? candidate.trees[0] ?? 'debian:6.1';
  const announce: Listener = (event) => options.onEvent?.(event);
  const tree =
    given.tree ?? (await resolveTree(spec, { onEvent: forSide('base', announce), signal: options.signal }));
  const applied = await applySeries(tree.dir, candidate, {
    repository: await repositoryOf(spec),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const suite = chosen(given.suite ?? (await compileSuite(options, tree.version, announce)), options);
  // A run directory is made when there is something to put into it.
  const run = new RunDirectory(candidate.name, options.out);
  // Whoever reads the verdict later sees what was tried, wherever the patch has gone.
  for (const { name, bytes } of candidate.patches) run.write(path.join('patches', name), bytes);
  const emit: Listener = (event) => {
    run.record(event);
    announce(event);
  };
  emit({ type: 'started', directory: run.path, candidate: candidate.name, tree: tree.id });
  for (const message of [...notices(candidate, spec, applied), ...(suite.notices ?? [])])
    emit({ type: 'notice', message });
  return { options, candidate, tree, profile, suite, applied, known, run, emit, startedAt, secondTries: [] };
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

async function compileSuite(options: EvaluateOptions, kernel: string, emit: Listener): Promise<Suite> {
  emit({ type: 'suite', state: 'compiling', programs: 0 });
  const suite = await loadSuite(options.suite ?? 'fixed-buffers', options.signal, {
    kernel,
    onEvent: forSide('base', emit),
  });
  emit({ type: 'suite', state: 'ready', programs: chosen(suite, options).programs.length });
  return suite;
}

const chosen = (suite: Suite, { only }: EvaluateOptions): Suite => (only ? onlyPrograms(suite, only) : suite);

/** Builds one of a trial's kernels, or finds it built. */
export const buildSide = (prepared: Prepared, side: Side): ReturnType<typeof buildKernel> =>
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

/** Settles what all guests of a trial are like. */
export async function settleGuests({
  options,
  profile,
  emit,
}: Prepared): Promise<Pick<Trial, 'accelerator' | 'image' | 'shape'>> {
  const accelerator = await chooseAccelerator(options.accel ?? 'auto');
  emit({ type: 'accelerator', ...accelerator });
  const image = await guestImage(options.signal);
  const { vcpus, memoryMiB } = profile;
  const shape = { machine: options.machine ?? 'microvm', accelerator: accelerator.name, vcpus, memoryMiB };
  return { accelerator, image, shape };
}
