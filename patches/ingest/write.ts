import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import type { Assembled } from './assemble.ts';

/** There is another candidate of that name. */
export class CandidateExistsError extends RingtrialError {
  readonly code = 'CANDIDATE_EXISTS';
}

/** What became of a candidate's directory. */
export type Written = 'new' | 'unchanged' | 'replaced';

/**
 * Writes a candidate's directory below `into`: whole or not at all.
 *
 * @param options.force replace another candidate of the same name
 * @throws CandidateExistsError
 */
export async function writeCandidate(
  candidate: Assembled,
  into: string,
  options: { readonly force: boolean },
): Promise<Written> {
  const target = path.join(into, candidate.name);
  const files = new Map<string, Uint8Array>([
    ['candidate.json', Buffer.from(`${JSON.stringify(candidate.file, null, 2)}\n`)],
    ...candidate.patches,
  ]);
  const there = await contentOf(target);
  if (there !== undefined && sameFiles(there, files)) return 'unchanged';
  if (there !== undefined && !options.force) {
    throw new CandidateExistsError(
      `${target} is there already and is another candidate. Give --name or --out, or --force to replace it.`,
    );
  }
  await mkdir(into, { recursive: true });
  const temporary = await mkdtemp(path.join(into, `.${candidate.name}-`));
  try {
    for (const [name, bytes] of files) await writeFile(path.join(temporary, name), bytes);
    if (there !== undefined) await rm(target, { recursive: true });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return there === undefined ? 'new' : 'replaced';
}

async function contentOf(dir: string): Promise<Map<string, Uint8Array> | undefined> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return undefined;
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return new Map(
    await Promise.all(files.map(async (name) => [name, await readFile(path.join(dir, name))] as const)),
  );
}

const sameFiles = (one: ReadonlyMap<string, Uint8Array>, other: ReadonlyMap<string, Uint8Array>): boolean =>
  one.size === other.size &&
  [...one].every(([name, bytes]) => Buffer.compare(bytes, other.get(name) ?? new Uint8Array()) === 0);
