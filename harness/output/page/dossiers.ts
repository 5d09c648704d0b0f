import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Dossier } from './document.ts';
import { beginningOf } from './excerpt.ts';
import { visible } from './visible.ts';

/** Of each file, in bytes, and of dossiers in one trial. */
const bytesOfFile = 12_000;
const mostDossiers = 12;

const suffix = '.hang';

/** What a trial took down of its hangs: `SIDE/repetition-N/PROGRAM.hang/*.txt`. */
export async function dossiersOf(directory: string): Promise<Dossier[]> {
  const found: Dossier[] = [];
  for (const side of ['base', 'candidate'])
    for (const repetition of await names(path.join(directory, side), /^repetition-\d+$/))
      for (const hang of await names(path.join(directory, side, repetition), /\.hang$/)) {
        if (found.length === mostDossiers) return found;
        found.push(await dossier(directory, { side, repetition, hang }));
      }
  return found;
}

async function dossier(
  root: string,
  { side, repetition, hang }: { readonly side: string; readonly repetition: string; readonly hang: string },
): Promise<Dossier> {
  const directory = path.join(side, repetition, hang);
  const files = (await entries(path.join(root, directory)))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.txt'))
    .map(({ name }) => name)
    .toSorted();
  return {
    // A later attempt of the same program says so in its name.
    program: visible(hang.slice(0, -suffix.length).replace(/\.attempt-\d+$/, '')),
    side,
    repetition: repetition.replace('repetition-', ''),
    directory: visible(directory),
    files: await Promise.all(files.map((name) => beginningOf(path.join(root, directory, name), bytesOfFile))),
  };
}

/** A trial that hung nowhere, or whose evidence has been moved away, has none. */
const entries = (directory: string): Promise<Dirent[]> =>
  readdir(directory, { withFileTypes: true }).catch(() => []);

async function names(directory: string, pattern: RegExp): Promise<string[]> {
  const found = (await entries(directory)).filter((entry) => entry.isDirectory() && pattern.test(entry.name));
  return found.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
