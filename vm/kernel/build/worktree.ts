import { lstatSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from '../../../common/cache.ts';
import { BuildEnvironmentError, TreeDamagedError } from '../errors.ts';
import { type Lock, lockFile } from '../process/lock.ts';
import { capture } from '../process/run.ts';
import { requireSpace } from '../process/space.ts';
import {
  breathe,
  byCodeUnit,
  type FileEntry,
  listFiles,
  type Manifest,
  manifestDifference,
  readManifest,
} from '../tree/manifest.ts';
import { manifestFile } from '../tree/store.ts';
import type { BuildRequest, KernelOptions } from '../types.ts';
import { readState, type WorkState, writeState } from './state.ts';
import { findModified, placeFile, sameTarget, type Target, targetOf } from './switch.ts';

/** Objects of a profile with lock checking take 0.9 GB; links and directories of the source take little. Measured for 6.1. */
const BUILD_BYTES = 1.6e9;

/**
 * Where kernels of one family of trees and one profile are built, one after the other: a copy of the pristine source
 * made of hard links, and make's output directory. Only the files that differ between what it holds and what is
 * wanted are written, so only their objects are compiled again.
 *
 * It is locked from `open` to its disposal.
 */
export class WorkTree implements AsyncDisposable {
  readonly sourceDir: string;
  readonly buildDir: string;
  readonly lock: Lock;
  readonly #dir: string;
  readonly #request: BuildRequest;
  readonly #manifest: Manifest;
  readonly #options: KernelOptions;
  #state: WorkState;

  private constructor(fields: {
    dir: string;
    lock: Lock;
    request: BuildRequest;
    manifest: Manifest;
    state: WorkState;
    options: KernelOptions;
  }) {
    this.#dir = fields.dir;
    this.sourceDir = path.join(fields.dir, 'src');
    this.buildDir = path.join(fields.dir, 'build');
    this.lock = fields.lock;
    this.#request = fields.request;
    this.#manifest = fields.manifest;
    this.#state = fields.state;
    this.#options = fields.options;
  }

  /** Takes the lock, and makes the work tree when there is none or its journal is lost. */
  static async open(request: BuildRequest, options: KernelOptions): Promise<WorkTree> {
    const dir = await cacheDir('work', `${request.tree.family}-${request.profile}`);
    if (/[\s:]/.test(dir)) {
      throw new BuildEnvironmentError(
        `Kernels cannot be built below ${dir}: make takes no blanks or colons in a path. Point XDG_CACHE_HOME elsewhere.`,
      );
    }
    const lock = await lockFile(path.join(dir, 'lock'), {
      signal: options.signal,
      onWait: (holder) =>
        options.onEvent?.({ type: 'waiting', what: `the work tree ${path.basename(dir)}`, holder }),
    });
    try {
      const state =
        (await readState(path.join(dir, 'state.json'))) ?? (await createWorkTree(dir, request, options));
      const manifest = await readManifest(manifestFile(request.tree));
      return new WorkTree({ dir, lock, request, manifest, state, options });
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lock[Symbol.asyncDispose]();
  }

  /** Objects of the last build from nothing; null before there was one. */
  get lastFullBuild(): number | null {
    return this.#state.objects;
  }

  get configKey(): string | null {
    return this.#state.configKey;
  }

  /** @param key null while the `.config` is being written. */
  setConfigKey = (key: string | null): Promise<void> => this.#save({ configKey: key });

  async #save(update: Partial<WorkState>): Promise<void> {
    this.#state = { ...this.#state, ...update };
    await writeState(path.join(this.#dir, 'state.json'), this.#state);
  }

  /**
   * Makes the source what the request wants.
   *
   * @returns the paths that were written.
   * @throws TreeDamagedError when the pristine source is not pristine.
   */
  async switch(): Promise<string[]> {
    await this.#recover();
    const differing = await this.#differing();
    if (differing.length === 0 && this.#state.tree.hash === this.#request.tree.hash) return [];
    this.#options.onEvent?.({ type: 'switch', label: this.#request.label, files: differing.length });
    await this.#save({ phase: 'switching', suspect: differing });

    const changes = new Map(this.#request.changes.map((change) => [change.path, change]));
    const files: Record<string, FileEntry | null> = { ...this.#state.files };
    const pristine = { tree: this.#request.tree, manifest: this.#manifest };
    // What goes makes room first: a directory may take the place of a file, and the other way round.
    const goes = (file: string): boolean => {
      const change = changes.get(file);
      return change === undefined ? !this.#manifest.has(file) : change.content === null;
    };
    for (const file of differing.toSorted((x, y) => Number(goes(y)) - Number(goes(x)))) {
      files[file] = await placeFile(this.sourceDir, file, changes.get(file) ?? pristine);
      await breathe(this.#options.signal);
    }
    await copyFile(manifestFile(this.#request.tree), path.join(this.#dir, 'manifest.new'));
    await rename(path.join(this.#dir, 'manifest.new'), path.join(this.#dir, 'manifest'));
    const { id, hash } = this.#request.tree;
    await this.#save({ phase: 'idle', suspect: [], files, tree: { id, hash } });
    return differing;
  }

  /** Everything that is, or may be, other than it should be. */
  async #differing(): Promise<string[]> {
    const { tree, files, suspect } = this.#state;
    const held =
      tree.hash === this.#request.tree.hash
        ? this.#manifest
        : await readManifest(path.join(this.#dir, 'manifest'));
    const changes = new Map(this.#request.changes.map((change) => [change.path, targetOf(change)]));
    const wanted = (file: string): Target =>
      changes.has(file) ? (changes.get(file) ?? null) : (this.#manifest.get(file) ?? null);
    const holds = (file: string): Target =>
      file in files ? (files[file] ?? null) : (held.get(file) ?? null);

    const doubtful = new Set([...suspect, ...(await this.#touchedByOthers(held))]);
    const candidates = new Set([...changes.keys(), ...Object.keys(files), ...doubtful]);
    if (held !== this.#manifest)
      for (const file of manifestDifference(held, this.#manifest)) candidates.add(file);
    return [...candidates]
      .filter((file) => doubtful.has(file) || !sameTarget(wanted(file), holds(file)))
      .toSorted(byCodeUnit);
  }

  /**
   * Files that somebody edited here by hand. A link's inode is the pristine file's, so that is looked at as well.
   *
   * @throws TreeDamagedError
   */
  async #touchedByOthers(held: Manifest): Promise<string[]> {
    const { files } = this.#state;
    const own = Object.entries(files);
    const linked = [...held].filter(([file]) => !(file in files));
    const modified = await findModified(this.sourceDir, [...linked, ...own], this.#options.signal);
    if (held === this.#manifest) {
      const pristine = modified.flatMap((file) => [[file, this.#manifest.get(file) ?? null] as const]);
      const [damaged] = await findModified(this.#request.tree.dir, pristine, this.#options.signal);
      if (damaged !== undefined) throw new TreeDamagedError(damaged, path.dirname(this.#request.tree.dir));
    }
    return modified;
  }

  /** After a build that did not come to its end, nothing that it wrote is kept: an object may be cut off, or lack objtool's work. */
  async #recover(): Promise<void> {
    const { phase, buildStarted, buildEnded } = this.#state;
    // When the clock went back, times of modification say nothing about what is newer.
    if (Date.now() < Math.max(buildStarted ?? 0, buildEnded ?? 0))
      await rm(this.buildDir, { recursive: true, force: true });
    else if (phase === 'building' && buildStarted !== null)
      await removeNewer(this.buildDir, buildStarted, this.#options.signal);
    await mkdir(this.buildDir, { recursive: true });
    if (phase === 'building') await this.#save({ phase: 'idle', configKey: null });
  }

  /** To be called before anything is written to the build directory. */
  async beginBuild(): Promise<void> {
    await this.#save({ phase: 'building', buildStarted: this.#now() });
  }

  /** The file system's clock, which lags a few milliseconds behind the system's. */
  #now(): number {
    const stamp = path.join(this.#dir, 'stamp');
    writeFileSync(stamp, '');
    return Math.floor(statSync(stamp).mtimeMs);
  }

  /** To be called when make came to an end by itself, whatever it said. Objects reach the disk before the journal trusts them. */
  async endBuild(objects: number | null): Promise<void> {
    await capture(['sync', '--file-system', this.buildDir], this.#options);
    await this.#save({ phase: 'idle', buildEnded: this.#now(), ...(objects === null ? {} : { objects }) });
  }
}

async function createWorkTree(
  dir: string,
  request: BuildRequest,
  options: KernelOptions,
): Promise<WorkState> {
  for (const name of ['src', 'build', 'state.json', 'manifest'])
    await rm(path.join(dir, name), { recursive: true, force: true });
  await requireSpace(`building ${request.tree.id} with profile ${request.profile}`, dir, BUILD_BYTES);
  const linked = await capture(
    ['cp', '--archive', '--link', request.tree.dir, path.join(dir, 'src')],
    options,
  );
  if (linked.exitCode !== 0)
    throw new BuildEnvironmentError(
      `The source ${request.tree.id} cannot be linked into ${dir}: ${linked.stderr.trim()}`,
    );
  await mkdir(path.join(dir, 'build'));
  await copyFile(manifestFile(request.tree), path.join(dir, 'manifest'));
  const { id, hash } = request.tree;
  const state: WorkState = {
    ...{ schema: 1, tree: { id, hash }, phase: 'idle', files: {}, suspect: [] },
    ...{ buildStarted: null, buildEnded: null, configKey: null, objects: null },
  };
  await writeState(path.join(dir, 'state.json'), state);
  return state;
}

/** Removes every file below `dir` that was written at or after `since` (milliseconds). Links are not followed: one leads to the source. */
async function removeNewer(dir: string, since: number, signal?: AbortSignal): Promise<void> {
  for (const name of await listFiles(dir, signal)) {
    const file = path.join(dir, name);
    if (Math.floor(lstatSync(file).mtimeMs) >= since) rmSync(file, { force: true });
    await breathe(signal);
  }
}
