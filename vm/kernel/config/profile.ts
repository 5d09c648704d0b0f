import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { InvalidProfileError, UnknownProfileError } from '../errors.ts';
import type { Profile } from '../types.ts';

/** Where the profiles that come with this program are. */
export const profilesDir = path.join(import.meta.dirname, '..', 'profiles');

/** `profiles/NAME.json`. Fragments are file names beside it, in the order in which they are merged. */
const ProfileFile = z.strictObject({
  description: z.string().min(1),
  fragments: z.array(z.string().regex(/^[\w.-]+\.config$/, 'a file name that ends in .config')).min(1),
  commandLine: z.string().default(''),
  memoryMiB: z.int().min(128),
  vcpus: z.int().min(1).max(64),
  timeScale: z.number().min(1).max(20).default(1),
  judges: z.boolean().default(true),
  makeVariables: z
    .record(
      z.string().regex(/^(KCSAN_SANITIZE|(KASAN_SANITIZE|KCSAN_SANITIZE|GCOV_PROFILE)_[\w-]+\.o)$/, {
        message: 'KCSAN_SANITIZE, or a switch of kbuild for one object, like GCOV_PROFILE_rw.o',
      }),
      z.enum(['y', 'n']),
    )
    .default({}),
});

/** The names that `loadProfile` knows, sorted. */
export async function profileNames(dir: string = profilesDir): Promise<string[]> {
  const files = await readdir(dir);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => path.basename(file, '.json'))
    .toSorted();
}

/**
 * Reads a profile and its fragments.
 *
 * @throws UnknownProfileError with the nearest name, InvalidProfileError that says which file and what in it is wrong.
 */
export async function loadProfile(name: string, dir: string = profilesDir): Promise<Profile> {
  const names = await profileNames(dir);
  if (!names.includes(name)) {
    const nearest = names.length === 0 ? null : closest(name, names);
    const hint = nearest !== null && distance(name, nearest) <= 3 ? ` Did you mean '${nearest}'?` : '';
    throw new UnknownProfileError(`There is no profile '${name}'.${hint} Profiles: ${names.join(', ')}.`);
  }
  const file = path.join(dir, `${name}.json`);
  const data = parseProfile(await readFile(file, 'utf8'), file);
  const fragments = await Promise.all(data.fragments.map((fragment) => readFragment(dir, fragment, file)));
  return { name, ...data, fragments };
}

function parseProfile(text: string, file: string): z.infer<typeof ProfileFile> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidProfileError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = ProfileFile.safeParse(json);
  if (!parsed.success) throw new InvalidProfileError(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function readFragment(
  dir: string,
  name: string,
  profile: string,
): Promise<{ name: string; text: string }> {
  try {
    return { name, text: await readFile(path.join(dir, name), 'utf8') };
  } catch (cause) {
    throw new InvalidProfileError(`${profile} names the fragment ${name}, which cannot be read.`, { cause });
  }
}
