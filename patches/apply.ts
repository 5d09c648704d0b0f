import { RingtrialError } from '../common/errors.ts';
import type { Candidate, Patch } from './candidate.ts';
import { explainFile, type HunkFailure, renderFailure, splitLines } from './explain.ts';
import { runGit } from './git.ts';
import { diffText, sectionsIn } from './ingest/sections.ts';
import { LineOrigins, type Snapshot } from './origins.ts';
import type { ParsedPatch } from './parse.ts';
import { refit } from './refit/refit.ts';
import { parseSafely, touchedPaths } from './safety.ts';
import { Stage } from './stage.ts';
import { mergeThreeWay } from './three-way.ts';
import { readTreeFile, relatedFiles, type TreeFile } from './tree.ts';

/** A file that differs from the tree; `content` is null when the series deletes it. */
export interface FileChange {
  readonly path: string;
  readonly content: Uint8Array | null;
  readonly executable: boolean;
}

export interface Applied {
  /** Sorted by path. A file that ends as it began is not among them. */
  readonly changes: readonly FileChange[];
  readonly fit: Fit;
  /** One sentence for every hunk and every line that was not found as the patch has it. */
  readonly fuzz: readonly string[];
  /** By patch name: the diff that was applied where the patch's own did not fit (never after a merge). */
  readonly refitted: ReadonlyMap<string, Uint8Array>;
  /** The name of the patch that brought a line (from 1) of a changed file; undefined for the tree's own lines. */
  readonly lineOrigin: (path: string, line: number) => string | undefined;
}

/** A patch of the series that does not fit the tree, with the reason for every hunk that fails. */
export class PatchDoesNotApplyError extends RingtrialError {
  readonly code = 'PATCH_DOES_NOT_APPLY';
  readonly patch: string;
  readonly failures: readonly HunkFailure[];

  constructor(message: string, patch: string, failures: readonly HunkFailure[]) {
    super(message);
    this.patch = patch;
    this.failures = failures;
  }
}

/** How well a series fits a tree, the best first. */
export const fits = ['exact', 'offset', 'three-way', 'blanks', 'fuzz'] as const;

/**
 * - `exact`: every hunk stood where its header says; `offset`: some stood at another line
 * - `three-way`: git merged with the versions that the patch names
 * - `blanks`: mail software had changed blanks or line breaks, and only one repair fits
 * - `fuzz`: context lines at the edge of a hunk differ
 */
export type Fit = (typeof fits)[number];

export interface ApplyOptions {
  /** A git repository that has the blobs which the patches name; see `repositoryOf`. */
  readonly repository?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies a candidate's patches in order and returns what differs from the tree. The tree itself is
 * only read: the files that the series touches are copied to a temporary directory, and `git apply`
 * works there. What does not fit is merged when there is a repository for it, else refitted: with blanks
 * as the file has them, or with up to two context lines at either end of a hunk replaced by the file's. All
 * of that is in `fuzz`, line by line.
 *
 * @throws PatchDoesNotApplyError, UnsafePatchError, EmptyPatchError, DamagedPatchError, GitMissingError;
 * the signal's reason when it is aborted.
 */
export async function applySeries(
  treeDir: string,
  candidate: Candidate,
  options: ApplyOptions = {},
): Promise<Applied> {
  const series = candidate.patches.map((patch) => ({ patch, parsed: parseSafely(patch.name, patch.bytes) }));
  const paths = new Set(series.flatMap(({ parsed }) => parsed.files.flatMap(touchedPaths)));
  const original = await readFiles(treeDir, paths);
  await using stage = await Stage.create(paths, original);
  const origins = new LineOrigins();
  const fuzz: string[] = [];
  const refitted = new Map<string, Uint8Array>();
  let fit: Fit = 'exact';
  let before: Snapshot = original;
  for (const { patch, parsed } of series) {
    const step = await applyOne({ treeDir, patch, parsed, before, stage, options });
    fuzz.push(...step.notes.map((note) => `${patch.name}: ${note}`));
    if (fits.indexOf(step.fit) > fits.indexOf(fit)) fit = step.fit;
    if (step.diff) refitted.set(patch.name, step.diff);
    const after = await stage.snapshot();
    origins.record(patch.name, before, after, renames(parsed));
    before = after;
  }
  return {
    changes: differences(original, before),
    fit,
    fuzz,
    refitted,
    lineOrigin: (path, line) => origins.at(path, line),
  };
}

interface Step {
  readonly treeDir: string;
  readonly patch: Patch;
  readonly parsed: ParsedPatch;
  readonly before: Snapshot;
  readonly stage: Stage;
  readonly options: ApplyOptions;
}

interface StepResult {
  readonly fit: Fit;
  readonly notes: readonly string[];
  /** The diff that was applied in place of the patch's own. */
  readonly diff?: Uint8Array;
}

async function applyOne(step: Step): Promise<StepResult> {
  const { parsed, before, stage, options } = step;
  const apply = (diff: Uint8Array) =>
    runGit({
      cwd: stage.dir,
      args: ['apply', '--verbose', '--whitespace=nowarn', `-p${parsed.strip}`, '-'],
      input: diff,
      signal: options.signal,
    });
  const result = await apply(parsed.diff);
  if (result.exitCode === 0) {
    const notes = offsets(result.stderr);
    return { fit: notes.length > 0 ? 'offset' : 'exact', notes };
  }
  if (options.repository !== undefined) {
    const { repository, signal } = options;
    const merged = await mergeThreeWay({ stage, before, parsed, repository, signal });
    if (merged !== undefined) return { fit: 'three-way', notes: merged.map(mergeNote) };
  }
  const refitted = refit(sectionsIn(parsed.diff), (path) => latin1Lines(before.get(path)));
  if (refitted !== undefined && refitted.effort !== 'none') {
    const diff = Buffer.from(diffText(refitted.sections), 'latin1');
    if ((await apply(diff)).exitCode === 0) return { fit: refitted.effort, notes: refitted.notes, diff };
  }
  throw await explained({ ...step, stderr: result.stderr });
}

const mergeNote = (file: string): string =>
  `${file}: merged with the version that the patch was made for; git found no conflict`;

const latin1Lines = (file: TreeFile | undefined): string[] | undefined =>
  file && splitLines(Buffer.from(file.content).toString('latin1'));

async function readFiles(treeDir: string, paths: ReadonlySet<string>): Promise<Map<string, TreeFile>> {
  const files = new Map<string, TreeFile>();
  for (const path of paths) {
    const file = await readTreeFile(treeDir, path);
    if (file) files.set(path, file);
  }
  return files;
}

function renames(parsed: ParsedPatch): Map<string, string> {
  const pairs = parsed.files.filter(({ oldPath, newPath }) => oldPath !== null && newPath !== null);
  return new Map(pairs.map(({ oldPath, newPath }) => [newPath ?? '', oldPath ?? '']));
}

/** Git says `Hunk #2 succeeded at 91 (offset 15 lines).` below `Checking patch FILE...` (apply.c, 2.39). */
function offsets(stderr: string): string[] {
  const found: string[] = [];
  let file = '';
  for (const line of stderr.split('\n')) {
    file = /^Checking patch (.*)\.\.\.$/.exec(line)?.[1] ?? file;
    const hunk = /^Hunk #(\d+) succeeded at (\d+) \(offset (-?)(\d+) lines?\)/.exec(line);
    if (!hunk) continue;
    const way = `${hunk[4]} line${hunk[4] === '1' ? '' : 's'} further ${hunk[3] ? 'up' : 'down'}`;
    found.push(`${file}: hunk ${hunk[1]} applied at line ${hunk[2]}, ${way} than the patch says`);
  }
  return found;
}

function differences(original: ReadonlyMap<string, TreeFile>, now: Snapshot): FileChange[] {
  const changes: FileChange[] = [];
  for (const path of [...new Set([...original.keys(), ...now.keys()])].toSorted()) {
    const was = original.get(path);
    const is = now.get(path);
    if (is === undefined) changes.push({ path, content: null, executable: false });
    else if (!was || was.executable !== is.executable || Buffer.compare(was.content, is.content) !== 0) {
      changes.push({ path, content: is.content, executable: is.executable });
    }
  }
  return changes;
}

interface Failed extends Omit<Step, 'stage' | 'options'> {
  readonly stderr: string;
}

async function explained({
  treeDir,
  patch,
  parsed,
  before,
  stderr,
}: Failed): Promise<PatchDoesNotApplyError> {
  const failures: HunkFailure[] = [];
  for (const file of parsed.files) {
    const path = file.oldPath ?? file.newPath ?? '';
    const found = before.get(path);
    const text = found && Buffer.from(found.content).toString('utf8');
    let own = explainFile(file, text, []);
    if (own.some(({ reason }) => reason === 'missing-file' || reason === 'nowhere')) {
      own = explainFile(file, text, await relatedFiles(treeDir, path));
    }
    failures.push(...own);
  }
  // Git can refuse what this explanation does not know, e.g. hunks that overlap: then its words stand.
  const lines =
    failures.length > 0
      ? failures.flatMap(renderFailure)
      : stderr.split('\n').filter((line) => line.startsWith('error: '));
  const hunks = parsed.files.reduce((sum, { hunks }) => sum + hunks.length, 0);
  const count = failures.length > 0 ? ` (${failures.length} of ${hunks} hunks)` : '';
  return new PatchDoesNotApplyError(
    [`${patch.name} does not apply${count}.`, ...lines].join('\n'),
    patch.name,
    failures,
  );
}
