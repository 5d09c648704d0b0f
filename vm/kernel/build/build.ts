import { createHash } from 'node:crypto';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from '../../../common/cache.ts';
import { affectsConfig, configure, hasConfig, writeLogHeader } from '../config/configure.ts';
import { mergeFragments, type OptionValues } from '../config/fragments.ts';
import { loadProfile } from '../config/profile.ts';
import { BuildEnvironmentError, ConfigOptionError, UnsafePathError } from '../errors.ts';
import { openArea } from '../process/sandbox.ts';
import { sayingNoSpace } from '../process/space.ts';
import { byCodeUnit, digestOf, type FileEntry, readEntry } from '../tree/manifest.ts';
import type { BuildOptions, BuildRequest, BuildResult, Profile, SourceChange, Tree } from '../types.ts';
import { kernelHash } from './hash.ts';
import { BUILD_USER, type MakeResult, type MakeSetting, make, sourceFault } from './make.ts';
import { notPlain } from './plain-file.ts';
import { loadKernel, storeKernel } from './store.ts';
import { checkPath, sameTarget, targetOf } from './switch.ts';
import { findToolchain, type Toolchain } from './toolchain.ts';
import { WorkTree } from './worktree.ts';

/** Objects of a build from nothing with the lockdep profile on 6.1: the estimate before there is a better one. */
const USUAL_OBJECTS = 980;

interface Job {
  readonly request: BuildRequest;
  readonly hash: string;
  readonly wanted: OptionValues;
  readonly toolchain: Toolchain;
  readonly makeVariables: Profile['makeVariables'];
}

/**
 * Builds the kernel of a tree with some files changed, or finds it in the store: the same inputs are never built twice.
 *
 * A source that does not compile is a result (`ok: false`), not an exception, and nothing is stored for it.
 *
 * @throws ConfigOptionError, NoSpaceError, MissingToolError, BuildEnvironmentError, TreeDamagedError, UnsafePathError,
 * the errors of `loadProfile`, and the signal's reason when aborted.
 */
export async function buildKernel(request: BuildRequest, options: BuildOptions): Promise<BuildResult> {
  const profile = await loadProfile(request.profile);
  const wanted = mergeFragments(profile.fragments, request.tree.version);
  const toolchain = await findToolchain(options);
  const changes = effectiveChanges(request.tree, request.changes);
  const hash = kernelHash({
    treeHash: request.tree.hash,
    changes,
    options: wanted,
    makeVariables: profile.makeVariables,
    toolchain: toolchain.identity,
  });
  const { makeVariables } = profile;
  const job: Job = { request: { ...request, changes }, hash, wanted, toolchain, makeVariables };

  const stored = await reuse(job, options);
  if (stored !== null) return stored;
  return sayingNoSpace(`building ${request.label}`, await cacheDir(), () => lockAndBuild(job, options));
}

async function lockAndBuild(job: Job, options: BuildOptions): Promise<BuildResult> {
  await using work = await WorkTree.open(job.request, options);
  // Whoever held the work tree until now may have built the same.
  return (await reuse(job, options)) ?? (await buildIn(work, job, options));
}

async function reuse({ hash, request }: Job, options: BuildOptions): Promise<BuildResult | null> {
  const kernel = (await loadKernel(hash, request.profile)) ?? (await options.elsewhere?.(hash)) ?? null;
  if (kernel === null) return null;
  options.onEvent?.({ type: 'reused', label: request.label, hash });
  return { ok: true, kernel };
}

/** The changes that change anything: a patch that is in the tree already gives the same kernel. */
function effectiveChanges(tree: Tree, changes: readonly SourceChange[]): SourceChange[] {
  const seen = new Set<string>();
  return changes
    .filter((change) => {
      checkPath(change.path);
      if (seen.has(change.path)) throw new UnsafePathError(`Two changes of '${change.path}' in one request.`);
      seen.add(change.path);
      return !sameTarget(targetOf(change), pristineEntry(tree, change.path));
    })
    .toSorted((a, b) => byCodeUnit(a.path, b.path));
}

function pristineEntry(tree: Tree, file: string): FileEntry | null {
  try {
    return readEntry(path.join(tree.dir, file));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

async function buildIn(work: WorkTree, job: Job, options: BuildOptions): Promise<BuildResult> {
  const { request, hash, toolchain } = job;
  const started = performance.now();
  const log = path.join(await cacheDir('build-logs'), `${hash}.log`);
  await writeLogHeader(log, [
    `${request.label}: ${request.tree.id}, profile ${request.profile}`,
    `kernel ${hash}`,
    ...toolchain.identity.split('\n'),
  ]);
  await work.switch();
  const setting = await openSetting(work, job, log, options);
  const { buildDir, stamp } = setting;

  const fromNothing = (await stat(path.join(buildDir, 'vmlinux')).catch(() => null)) === null;
  const total = fromNothing
    ? (work.lastFullBuild ?? USUAL_OBJECTS)
    : request.changes.filter((change) => change.path.endsWith('.c')).length + 3;
  await work.beginBuild();
  const failed = await ensureConfig(work, job, setting, options);
  let done = 0;
  const made =
    failed ??
    (await make(['vmlinux'], setting, options, (object) => {
      done += 1;
      options.onEvent?.({ type: 'compile', done, total: Math.max(total, done), object });
    }));
  const built = await withPlainFiles(made, buildDir);
  await work.endBuild(fromNothing && built.ok ? built.objects : null);
  if (!built.ok) return { ok: false, error: failure(built, log) };

  await checkImage(path.join(buildDir, 'vmlinux'), stamp);
  const seconds = Math.round(performance.now() - started) / 1000;
  const { id, version, hash: treeHash } = request.tree;
  const kernel = await storeKernel(buildDir, log, {
    ...{ hash, version, label: request.label, tree: { id, hash: treeHash }, profile: request.profile },
    ...{ toolchain: toolchain.identity, seconds, objectsCompiled: built.objects },
  });
  await rm(log, { force: true });
  options.onEvent?.({ type: 'built', label: request.label, hash, seconds, objects: built.objects });
  return { ok: true, kernel };
}

/** Confines make to the work tree's build directory and the compiler's cache, where this machine allows it. */
async function openSetting(
  { sourceDir, buildDir, lock }: WorkTree,
  { hash, toolchain, makeVariables }: Job,
  log: string,
  options: BuildOptions,
): Promise<MakeSetting> {
  const area = await openArea({
    writable: [buildDir],
    readable: [sourceDir],
    shared: [await cacheDir('ccache')],
  });
  if (area.confinement.how === 'not')
    options.onEvent?.({ type: 'notice', message: unconfined(area.confinement.why) });
  return { sourceDir, buildDir, log, lock, area, toolchain, stamp: hash.slice(0, 16), makeVariables };
}

const unconfined = (why: string): string =>
  `the build is not confined: ${why}; whatever a patch makes the build run can read and change what you can`;

/** A result whose files we can open, and the next build, too. */
async function withPlainFiles(made: MakeResult, buildDir: string): Promise<MakeResult> {
  const strange = await notPlain(buildDir, made.ok ? ['.config', 'vmlinux', 'System.map'] : ['.config']);
  if (strange === null) return made;
  await rm(path.join(buildDir, strange), { recursive: true, force: true });
  return made.ok ? sourceFault(`${strange} is no plain file after the build`) : made;
}

/** @returns make's result when kconfig failed; null when the `.config` is there. */
async function ensureConfig(
  work: WorkTree,
  job: Job,
  setting: MakeSetting,
  options: BuildOptions,
): Promise<MakeResult | null> {
  const key = configKey(job);
  if (work.configKey === key && (await hasConfig(work.buildDir))) return null;
  await work.setConfigKey(null);
  const { request, wanted } = job;
  const configuration = { profile: request.profile, version: request.tree.version, options: wanted };
  try {
    const failed = await configure(configuration, setting, options);
    if (failed === null) await work.setConfigKey(key);
    return failed;
  } catch (error) {
    // After anything else, an abort for one, nobody knows what is half-written.
    if (!(error instanceof ConfigOptionError)) throw error;
    const byCandidate = request.changes.some((change) => affectsConfig(change.path));
    if (byCandidate) return withoutOptions(error);
    await work.endBuild(null);
    throw error;
  }
}

/** A candidate that takes an option away does not build; a profile that asks for too much is a fault of ours. */
const withoutOptions = ({ message }: ConfigOptionError): MakeResult => sourceFault(message, 'config');

/** What a `.config` is made from. */
function configKey(job: Job): string {
  const digest = createHash('sha256').update(`${job.request.tree.hash}\0${job.toolchain.identity}\0`);
  for (const [name, value] of job.wanted) digest.update(`${name}=${value}\0`);
  for (const change of job.request.changes.filter((c) => affectsConfig(c.path))) {
    digest.update(`${change.path}\0${change.content === null ? 'deleted' : digestOf(change.content)}\0`);
  }
  return digest.digest('hex');
}

function failure(built: MakeResult, log: string): Extract<BuildResult, { ok: false }>['error'] {
  const error = built.error ?? {
    kind: 'other',
    file: null,
    line: null,
    message: 'make failed without saying why',
  };
  return { ...error, log, tail: built.tail.slice(-25) };
}

/**
 * The banner names the inputs' hash: an image without it is not what was just asked for, whatever make believes.
 *
 * @throws BuildEnvironmentError
 */
async function checkImage(vmlinux: string, stamp: string): Promise<void> {
  const image = await readFile(vmlinux);
  if (image.includes(`(${BUILD_USER}@${stamp})`)) return;
  const aside = `${vmlinux}.unexpected`;
  await rename(vmlinux, aside);
  throw new BuildEnvironmentError(
    `make ended well but ${aside} is not the kernel that was to be built. Remove its work tree and run again.`,
  );
}
