import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Candidate, loadCandidate } from '../../patches/index.ts';
import { loadProfile } from '../../vm/kernel/index.ts';
import { trialId } from '../load-run.ts';
import { findSuite } from '../suite/locate.ts';
import type { CheckedMatrixFile, Selector, Settings } from './file.ts';
import { type LoadedMatrix, MatrixFileError } from './load-file.ts';
import { baseKey, fileName, type Plan, type PlannedTrial, type StoredCandidate } from './plan.ts';

type Dimension = 'candidate' | 'tree' | 'profile' | 'suite';

/** One value of a dimension: its name in ids, what it stands for, and the settings that come with it. */
interface Value {
  readonly name: string;
  readonly meant: string;
  readonly settings: Settings;
  /** Of a candidate. */
  readonly loaded?: Candidate;
}

/** A trial before its settings are known. */
type Combination = Readonly<Record<Dimension, Value>>;

/**
 * Makes the plan of a matrix: which trials, in which order, with which settings. All that can be known
 * to be wrong before a tree is there is refused here.
 *
 * @throws MatrixFileError, and what `loadCandidate`, `loadProfile` and `findSuite` throw
 */
export async function expand({ matrix, directory }: LoadedMatrix): Promise<Plan> {
  const combinations = await chosen(matrix, directory);
  const trials = combinations.map((combination) => planned(combination, matrix));
  for (const [index, { match }] of matrix.overrides.entries())
    if (!trials.some((trial) => matches(match, trial))) throw unused('overrides', index);
  checkUnique(trials);
  for (const profile of new Set(trials.map(({ meant }) => meant.profile))) await loadProfile(profile);
  for (const suite of new Set(trials.map(({ meant }) => meant.suite))) await findSuite(suite);
  const candidates = storedCandidates(combinations.map(({ candidate }) => candidate));
  const { name, base } = matrix;
  return { schema: 'ringtrial.plan/1', name, base, candidates, trials: inGroups(trials) };
}

type Written<Key extends Dimension> =
  | string
  | ({ readonly name?: string | undefined } & Record<Key, string> & Settings);

function valueOf<Key extends Dimension>(key: Key, written: Written<Key>, directory: string): Value {
  if (typeof written === 'string') return { name: written, meant: locate(written, directory), settings: {} };
  const { name = written[key] } = written;
  return { name, meant: locate(written[key], directory), settings: settingsIn(written) };
}

/** A candidate goes by the name that it has everywhere else, unless the file gives it one. */
async function candidateOf(written: Written<'candidate'>, directory: string): Promise<Value> {
  const value = valueOf('candidate', written, directory);
  const loaded = await loadCandidate(value.meant);
  return { ...value, loaded, name: typeof written === 'object' && written.name ? written.name : loaded.name };
}

async function chosen(matrix: CheckedMatrixFile, directory: string): Promise<Combination[]> {
  const candidates = await Promise.all(matrix.candidates.map((each) => candidateOf(each, directory)));
  const suites = matrix.suites.map((each) => valueOf('suite', each, directory));
  const product = matrix.trees.flatMap((tree) =>
    matrix.profiles.flatMap((profile) =>
      suites.flatMap((suite) =>
        candidates.map((candidate) => ({
          ...{ candidate, suite },
          tree: valueOf('tree', tree, directory),
          profile: valueOf('profile', profile, directory),
        })),
      ),
    ),
  );
  for (const [index, selector] of matrix.exclude.entries())
    if (!product.some((each) => matches(selector, names(each)))) throw unused('exclude', index);
  const left = product.filter((each) => !matrix.exclude.some((selector) => matches(selector, names(each))));
  const included = matrix.include.map(async ({ candidate, tree, profile, suite, ...settings }) => ({
    candidate: { ...(await candidateOf(candidate, directory)), settings: settingsIn(settings) },
    tree: valueOf('tree', tree ?? 'debian:6.1', directory),
    profile: valueOf('profile', profile ?? 'lockdep', directory),
    suite: valueOf('suite', suite ?? 'fixed-buffers', directory),
  }));
  return [...left, ...(await Promise.all(included))];
}

/** What lies beside the matrix file is meant by it; everything else is as on the command line. */
const locate = (what: string, directory: string): string => {
  const [file = '', ref] = what.startsWith('.') ? what.split('@') : [what];
  const beside = path.join(directory, file);
  if (path.isAbsolute(what) || !/[/.]/.test(what) || !existsSync(beside)) return what;
  return ref === undefined ? beside : `${beside}@${ref}`;
};

const names = ({ candidate, tree, profile, suite }: Combination): Record<Dimension, string> => ({
  ...{ candidate: candidate.name, tree: tree.name, profile: profile.name, suite: suite.name },
});

function planned(combination: Combination, matrix: CheckedMatrixFile): PlannedTrial {
  const { candidate, tree, profile, suite } = combination;
  const about = names(combination);
  const overrides = matrix.overrides.filter(({ match }) => matches(match, about));
  const settings = Object.assign(
    settingsIn(matrix),
    ...[tree, profile, suite, candidate].map((value) => settingsIn(value.settings)),
    ...overrides.map(settingsIn),
  ) as Settings;
  const id = trialId(about);
  const meant = { tree: tree.meant, profile: profile.meant, suite: suite.meant };
  return { id, ...about, meant, settings, directory: `trials/${fileName(id)}` };
}

/** Only what is set, so that what is not set hides nothing. */
const settingsIn = ({ repeat, only, strict, guests, machine, accel, dump }: Settings): Settings =>
  Object.fromEntries(
    Object.entries({ repeat, only, strict, guests, machine, accel, dump }).filter(
      ([, value]) => value !== undefined,
    ),
  );

function matches(selector: Selector, about: Readonly<Record<Dimension, string>>): boolean {
  return (Object.entries(selector) as [Dimension, string | string[] | undefined][]).every(
    ([dimension, patterns = '*']) =>
      [patterns].flat().some((pattern) => wildcard(pattern).test(about[dimension])),
  );
}

const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => RegExp.escape(text))
      .join('.*')}$`,
  );

const unused = (key: string, index: number): MatrixFileError =>
  new MatrixFileError(
    `${key}[${index}] matches no trial. Names are those of the trials' ids; * stands for any characters.`,
  );

function checkUnique(trials: readonly PlannedTrial[]): void {
  if (trials.length === 0)
    throw new MatrixFileError('Nothing is left to try: "exclude" leaves out all trials.');
  for (const key of ['id', 'directory'] as const) {
    const seen = new Set<string>();
    for (const trial of trials) {
      if (seen.has(trial[key]))
        throw new MatrixFileError(
          `Two trials are called ${trial.id}: give one of their parts another "name".`,
        );
      seen.add(trial[key]);
    }
  }
}

function storedCandidates(values: readonly Value[]): Plan['candidates'] {
  const candidates: Record<string, StoredCandidate> = {};
  const meanings = new Map<string, string>();
  for (const { name, meant, loaded } of values) {
    if (!loaded || meanings.get(name) === meant) continue;
    if (meanings.has(name))
      throw new MatrixFileError(
        `${meanings.get(name)} and ${meant} are both called ${name}: give one a "name".`,
      );
    meanings.set(name, meant);
    candidates[name] = stored(loaded);
  }
  return candidates;
}

function stored({ title, origin, kind, trees, patches }: Candidate): StoredCandidate {
  return {
    ...{ title, origin, kind, trees: [...trees] },
    patches: patches.map(({ name, bytes }) => {
      const text = Buffer.from(bytes).toString('utf8');
      return Buffer.from(text).equals(bytes)
        ? { name, text }
        : { name, base64: Buffer.from(bytes).toString('base64') };
    }),
  };
}

/** A candidate of a plan, as `loadCandidate` gave it. */
export const restored = (name: string, { patches, ...rest }: StoredCandidate): Candidate => ({
  name,
  ...rest,
  patches: patches.map((patch) => ({
    name: patch.name,
    path: patch.name,
    bytes: patch.text === undefined ? Buffer.from(patch.base64 ?? '', 'base64') : Buffer.from(patch.text),
  })),
});

/** Those that share a kernel's base stand together, in the order in which the first of each came. */
const inGroups = (trials: readonly PlannedTrial[]): PlannedTrial[] => {
  const groups = Map.groupBy(trials, ({ meant }) => `${meant.tree}\0${meant.profile}`);
  return [...groups.values()].flatMap((group) => [...Map.groupBy(group, baseKey).values()].flat());
};
