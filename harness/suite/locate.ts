import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { distance } from 'fastest-levenshtein';
import { SuiteError } from './errors.ts';
import { type ExternalDescription, externalSchema } from './external-schema.ts';
import { checked, parseJson } from './json.ts';
import { type SuiteDescription, suiteSchema } from './schema.ts';

/** Where the suites lie that come with Ringtrial, and the library that all of them use. */
export const testsRoot: string = fileURLToPath(new URL('../../tests', import.meta.url));

/** A suite's directory and what its suite.json says. */
export interface SuitePlace<Description> {
  /** As a verdict names it: a shipped suite's name, or the directory's. */
  readonly name: string;
  /** Absolute, links resolved. */
  readonly directory: string;
  /** It comes with Ringtrial. */
  readonly shipped: boolean;
  readonly description: Description;
}

export type FoundSuite =
  | (SuitePlace<SuiteDescription> & { readonly kind: 'programs' })
  | (SuitePlace<ExternalDescription> & { readonly kind: 'external'; readonly group: string | undefined });

/**
 * Finds a suite and reads its description.
 *
 * @param wanted a shipped suite's name, `NAME:GROUP` of an external one, or a directory: anything with a
 *   slash, `.`, or the name of a directory that exists
 * @throws SuiteError
 */
export async function findSuite(wanted: string): Promise<FoundSuite> {
  const shipped = await suiteNames();
  const [name = '', group] = wanted.split(':');
  if (shipped.includes(name) && !wanted.includes('/')) {
    return readSuite({ name, directory: path.join(testsRoot, name), shipped: true }, group);
  }
  const named = wanted.includes('/') || wanted === '.' || wanted === '..';
  const directory = path.resolve(wanted);
  if (!(await isDirectory(directory))) {
    throw new SuiteError(
      named ? `There is no directory ${wanted}, so it is no suite.` : unknownName(wanted, shipped),
    );
  }
  const real = await realpath(directory);
  return readSuite({ name: path.basename(real), directory: real, shipped: false }, undefined);
}

/** The names of all suites that come with Ringtrial. */
export async function suiteNames(): Promise<string[]> {
  const entries = (await readdir(testsRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const described = await Promise.all(
    entries.map((entry) => isFile(path.join(testsRoot, entry.name, 'suite.json'))),
  );
  return entries
    .filter((_, index) => described[index])
    .map((entry) => entry.name)
    .toSorted();
}

function unknownName(wanted: string, shipped: readonly string[]): string {
  const nearest = shipped.toSorted((a, b) => distance(a, wanted) - distance(b, wanted)).slice(0, 3);
  return `There is no suite "${wanted}". The nearest names: ${nearest.join(', ')}. A directory with a suite.json is one, too: --suite ./DIR.`;
}

async function readSuite(
  place: Omit<SuitePlace<unknown>, 'description'>,
  group: string | undefined,
): Promise<FoundSuite> {
  const file = path.join(place.directory, 'suite.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const how = `'ringtrial new-test NAME --in ${place.directory}' writes one`;
    throw new SuiteError(
      error.code === 'ENOENT'
        ? `${place.directory} has no suite.json, so it is no suite; ${how}.`
        : `${file} cannot be read: ${error.message}`,
      { cause: error },
    );
  });
  const json = parseJson(text, file);
  if (typeof json === 'object' && json !== null && 'external' in json) {
    const description = checked(externalSchema, json, file);
    if (group !== undefined && !(group in description.external.groups)) {
      const groups = Object.keys(description.external.groups).map((each) => `${place.name}:${each}`);
      throw new SuiteError(`Suite "${place.name}" has no part "${group}". It has: ${groups.join(', ')}.`);
    }
    return { ...place, kind: 'external', description, group };
  }
  if (group !== undefined) throw new SuiteError(`Suite "${place.name}" has no parts, so no ":${group}".`);
  const description = checked(suiteSchema, json, file);
  await checkSources(place.directory, description);
  return { ...place, kind: 'programs', description };
}

async function checkSources(directory: string, description: SuiteDescription): Promise<void> {
  for (const program of description.programs) {
    for (const source of program.source) {
      if (await isFile(path.join(directory, source))) continue;
      throw new SuiteError(
        `Program "${program.name}" of ${directory}/suite.json names the source ${source}, which does not exist there.`,
      );
    }
  }
}

const isDirectory = (name: string): Promise<boolean> =>
  stat(name).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

const isFile = (name: string): Promise<boolean> =>
  stat(name).then(
    (stats) => stats.isFile(),
    () => false,
  );
