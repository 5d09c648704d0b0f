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

interface Found {
  readonly side: string;
  readonly schedule?: string;
  readonly repetition: string;
  readonly hang: string;
}

/** What a trial took down of its hangs: `SIDE/repetition-N/PROGRAM.hang/*.txt`, with several schedules in `SIDE/schedule-N/`. */
export async function dossiersOf(
  directory: string,
): Promise<{ readonly dossiers: readonly Dossier[]; readonly left: number }> {
  const found: Found[] = [];
  // The patched kernel's first: it is on trial.
  for (const side of ['candidate', 'base']) {
    found.push(...(await hangsIn(directory, { side })));
    for (const schedule of await names(path.join(directory, side), /^schedule-\d+$/))
      found.push(...(await hangsIn(directory, { side, schedule })));
  }
  return {
    dossiers: await Promise.all(found.slice(0, mostDossiers).map((one) => dossier(directory, one))),
    left: Math.max(0, found.length - mostDossiers),
  };
}

async function hangsIn(root: string, place: Pick<Found, 'side' | 'schedule'>): Promise<Found[]> {
  const parent = path.join(root, place.side, place.schedule ?? '');
  const found: Found[] = [];
  for (const repetition of await names(parent, /^repetition-\d+$/))
    for (const hang of await names(path.join(parent, repetition), /\.hang$/))
      found.push({ ...place, repetition, hang });
  return found;
}

async function dossier(root: string, { side, schedule, repetition, hang }: Found): Promise<Dossier> {
  const directory = path.join(side, schedule ?? '', repetition, hang);
  const files = (await entries(path.join(root, directory)))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.txt'))
    .map(({ name }) => name)
    .toSorted();
  return {
    // A later attempt of the same program says so in its name.
    program: visible(hang.slice(0, -suffix.length).replace(/\.attempt-\d+$/, '')),
    side,
    repetition: repetition.replace('repetition-', ''),
    ...(schedule === undefined ? {} : { schedule: schedule.replace('schedule-', '') }),
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
