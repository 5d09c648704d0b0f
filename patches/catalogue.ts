import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';

/** Where the project keeps its candidates: beside this file, or beside the package when it runs from dist/. */
export function dataRoot(): string {
  const here = import.meta.dirname;
  const beside = path.join(here, '..', '..', 'patches');
  return existsSync(path.join(here, 'candidates')) ? here : beside;
}

/** The directory of the project's own candidates. */
export const projectCandidates = (): string => path.join(dataRoot(), 'candidates');

/** Names of all stored candidates (`NAME`) and mutants (`mutants/NAME`), sorted. */
export async function storedNames(root: string): Promise<string[]> {
  const inside = async (dir: string, prefix: string): Promise<string[]> => {
    const entries = await readdir(path.join(root, dir), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => prefix + entry.name);
  };
  return [...(await inside('candidates', '')), ...(await inside('mutants', 'mutants/'))].toSorted();
}

/** The directory of a stored candidate. */
export function storedPath(root: string, name: string): string {
  return name.startsWith('mutants/') ? path.join(root, name) : path.join(root, 'candidates', name);
}

/**
 * The names somebody may have meant. `certain` is false when none is near, and then they are all
 * the names there are.
 */
export function nearestNames(asked: string, names: readonly string[]): { certain: boolean; names: string[] } {
  const key = asked.toLowerCase();
  const ranked = names
    .map((name) => {
      const own = name.toLowerCase();
      // Half a name is the commonest mistake, and far from the whole one by edit distance.
      const part = key.length >= 3 && (own.includes(key) || key.includes(own));
      return { name, far: part ? 0 : Math.min(distance(key, own), distance(key, path.basename(own))) };
    })
    .toSorted((a, b) => a.far - b.far);
  const near = ranked.filter(({ far }) => far <= Math.max(2, key.length / 3)).slice(0, 3);
  return near.length > 0
    ? { certain: true, names: near.map(({ name }) => name) }
    : { certain: false, names: [...names] };
}
