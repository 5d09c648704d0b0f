import { loadCandidate } from '../../patches/index.ts';
import {
  checkProfile,
  type KernelOptions,
  loadProfile,
  type Profile,
  profileNames,
  resolveTree,
} from '../../vm/kernel/index.ts';
import type { EvaluateOptions } from '../trial.ts';
import { expand } from './expand.ts';
import { checkMatrix } from './load-file.ts';
import type { Plan } from './plan.ts';

/** Profiles by which several trials of one candidate are made. */
export interface ChosenProfiles {
  readonly profiles: readonly string[];
  /** What `all` leaves out because the tree cannot be built with it, and why. */
  readonly leftOut: readonly { readonly profile: string; readonly why: string }[];
}

/**
 * The profiles that a word names: `all`, which are those that judge and that the tree's kconfig supports, or names.
 *
 * @throws UnknownProfileError, and the errors of `resolveTree` and `checkProfile`
 */
export async function chooseProfiles(
  wanted: readonly string[],
  tree: string,
  options: KernelOptions,
): Promise<ChosenProfiles> {
  if (!wanted.includes('all')) {
    const named = await Promise.all(wanted.map((name) => loadProfile(name)));
    return { profiles: [...new Set(named.map(({ name }) => name))], leftOut: [] };
  }
  const source = await resolveTree(tree, options);
  const profiles: string[] = [];
  const leftOut: { profile: string; why: string }[] = [];
  for (const profile of await judges()) {
    const { supported, why } = await checkProfile(source, profile, options);
    if (supported) profiles.push(profile.name);
    else leftOut.push({ profile: profile.name, why: why ?? '' });
  }
  return { profiles, leftOut };
}

/** The default first: it is the one that speaks most often. */
async function judges(): Promise<Profile[]> {
  const all = await Promise.all((await profileNames()).map((name) => loadProfile(name)));
  const rank = ({ name }: Profile): number => (name === 'lockdep' ? 0 : name === 'bare' ? 2 : 1);
  return all.filter(({ judges: does }) => does).toSorted((a, b) => rank(a) - rank(b));
}

/** On which tree a candidate is tried when nobody names one. */
export const treeFor = async (patch: string, tree: string | undefined): Promise<string> =>
  tree ?? (await loadCandidate(patch)).trees[0] ?? 'debian:6.1';

/**
 * The plan of one candidate in several profiles, with the settings of a single trial.
 *
 * @throws what `expand` throws
 */
export async function planOfProfiles(
  options: EvaluateOptions & { readonly tree: string },
  profiles: readonly string[],
): Promise<Plan> {
  const {
    patch,
    tree,
    suite = 'fixed-buffers',
    only,
    repeat,
    strict,
    guests,
    machine,
    accel,
    dump,
  } = options;
  const { name } = await loadCandidate(patch);
  const settings = { only, repeat, strict, guests, machine, accel, dump };
  const matrix = {
    name: `${name.replaceAll(/[^\w.-]+/g, '-')}-profiles`,
    ...{ candidates: [patch], trees: [tree], profiles: [...profiles], suites: [suite] },
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  };
  return await expand(
    checkMatrix(matrix, { file: 'The command line', name: matrix.name, directory: process.cwd() }),
  );
}
