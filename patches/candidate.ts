import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RingtrialError } from '../common/errors.ts';
import { dataRoot, nearestNames, storedNames, storedPath } from './catalogue.ts';
import { decodeMail, subjectOf } from './mail/decode.ts';
import { maxPatchBytes, parseSafely, UnsafePatchError } from './safety.ts';
import {
  type CandidateFile,
  type CandidateKind,
  candidateSchema,
  type Expectation,
  type Provenance,
} from './schema.ts';

/** One patch of a series; `bytes` are the file's, or the text of a mail once its transfer encoding is undone. */
export interface Patch {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** An ordered series of patches, all of them read, none of them unsafe, empty or damaged. */
export interface Candidate {
  readonly name: string;
  readonly title: string;
  readonly origin: string;
  readonly kind: CandidateKind;
  readonly trees: readonly string[];
  readonly patches: readonly Patch[];
  readonly description?: string;
  readonly expect?: Expectation;
  /** Where it comes from, when `ringtrial ingest` made it. */
  readonly source?: Provenance;
}

export class UnknownCandidateError extends RingtrialError {
  readonly code = 'UNKNOWN_CANDIDATE';
}

export class InvalidCandidateError extends RingtrialError {
  readonly code = 'INVALID_CANDIDATE';
}

/** The empty candidate: the tree as it is. */
export const base: Candidate = {
  name: 'base',
  title: 'the tree without any patch',
  origin: 'the tree itself',
  kind: 'patch',
  trees: [],
  patches: [],
};

/**
 * Finds and reads a candidate.
 *
 * @param nameOrPath `base`; the name of a stored candidate (`2-lookup-under-uring-lock`,
 * `mutants/quiesce-forgotten`); a directory with a candidate.json; a directory of `*.patch` files,
 * applied in the order of their names; or one patch, diff or mail. A stored name wins over a path;
 * write `./NAME` for the path.
 * @param root the directory that holds `candidates/` and `mutants/`; by default the project's own.
 * @throws UnknownCandidateError, InvalidCandidateError, and for its patches UnsafePatchError,
 * EmptyPatchError, DamagedPatchError.
 */
export async function loadCandidate(nameOrPath: string, root: string = dataRoot()): Promise<Candidate> {
  if (nameOrPath === base.name) return base;
  const names = await storedNames(root);
  if (names.includes(nameOrPath))
    return checked(await fromDirectory(storedPath(root, nameOrPath), nameOrPath));
  const found = await stat(nameOrPath).catch(() => undefined);
  if (found?.isDirectory())
    return checked(await fromDirectory(nameOrPath, path.basename(path.resolve(nameOrPath))));
  if (found?.isFile()) return checked(await fromFile(nameOrPath));
  if (found !== undefined) {
    throw new UnknownCandidateError(`${nameOrPath} is neither a directory nor a regular file.`);
  }
  const { certain, names: near } = nearestNames(nameOrPath, [base.name, ...names]);
  const hint = certain ? `Did you mean ${near.join(' or ')}?` : `Stored candidates: ${near.join(', ')}.`;
  throw new UnknownCandidateError(`There is no candidate and no file called "${nameOrPath}". ${hint}`);
}

/** All stored candidates and mutants, in the order of their names; `base` is not among them. */
export async function listCandidates(root: string = dataRoot()): Promise<Candidate[]> {
  const names = await storedNames(root);
  return Promise.all(names.map((name) => loadCandidate(name, root)));
}

async function fromDirectory(dir: string, name: string): Promise<Candidate> {
  const entries = (await readdir(dir)).toSorted();
  const patches = entries.filter((entry) => entry.endsWith('.patch'));
  if (entries.includes('candidate.json')) return described(dir, name, patches);
  // git format-patch numbers the cover letter 0000; it carries no diff.
  const series = patches.filter((entry) => !/^(?:v\d+-)?0000-/.test(entry));
  if (series.length === 0) {
    throw new UnknownCandidateError(`${dir} holds neither a candidate.json nor any *.patch file.`);
  }
  return undescribed(name, await Promise.all(series.map((entry) => readPatch(path.join(dir, entry)))), dir);
}

async function described(dir: string, name: string, present: readonly string[]): Promise<Candidate> {
  const file = path.join(dir, 'candidate.json');
  const { patches, description, expect, source, ...rest } = validated(file, await readFile(file, 'utf8'));
  const missing = patches.find((patch) => !present.includes(patch));
  if (missing !== undefined)
    throw new InvalidCandidateError(`${file} names ${missing}, which is not in ${dir}.`);
  const unlisted = present.find((patch) => !patches.includes(patch));
  if (unlisted !== undefined) {
    throw new InvalidCandidateError(
      `${dir} holds ${unlisted}, but candidate.json does not list it under "patches".`,
    );
  }
  return {
    name,
    ...rest,
    patches: await Promise.all(patches.map((patch) => readPatch(path.join(dir, patch)))),
    ...(description === undefined ? {} : { description }),
    ...(expect === undefined ? {} : { expect }),
    ...(source === undefined ? {} : { source }),
  };
}

function validated(file: string, text: string): CandidateFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidCandidateError(
      `${file} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  const result = candidateSchema.safeParse(json);
  if (result.success) return result.data;
  throw new InvalidCandidateError(`${file} is no valid candidate:\n${z.prettifyError(result.error)}`, {
    cause: result.error,
  });
}

async function fromFile(file: string): Promise<Candidate> {
  return undescribed(path.basename(file, path.extname(file)), [await readPatch(file)], file);
}

function undescribed(name: string, patches: readonly Patch[], origin: string): Candidate {
  const title = patches.length === 1 && patches[0] ? subjectOf(patches[0].bytes) : undefined;
  return { name, title: title ?? name, origin, kind: 'patch', trees: [], patches };
}

async function readPatch(file: string): Promise<Patch> {
  const name = path.basename(file);
  const info = await stat(file);
  if (!info.isFile()) throw new UnsafePatchError(`${file} is refused: it is no regular file.`);
  if (info.size > maxPatchBytes) {
    const size = (info.size / 1024 / 1024).toFixed(1);
    throw new UnsafePatchError(`${file} is refused: it is ${size} MiB large; the limit is 16 MiB.`);
  }
  return { name, path: path.resolve(file), bytes: decodeMail(await readFile(file)) };
}

/** Fails on what can be known before there is a tree, so that nobody waits for a download first. */
function checked(candidate: Candidate): Candidate {
  for (const patch of candidate.patches) parseSafely(patch.name, patch.bytes);
  return candidate;
}
