import { createHash } from 'node:crypto';
import { z } from 'zod';
import { settingsSchema } from './file.ts';

const storedPatch = z.object({
  name: z.string(),
  /** The patch, or in base64 what is not UTF-8. */
  text: z.string().optional(),
  base64: z.string().optional(),
});

/** A candidate with all its patches: whoever has the plan needs no other file, and no later edit changes a matrix. */
const storedCandidate = z.object({
  title: z.string(),
  origin: z.string(),
  kind: z.enum(['design', 'mutant', 'patch']),
  trees: z.array(z.string()),
  patches: z.array(storedPatch),
});
export type StoredCandidate = z.infer<typeof storedCandidate>;

const plannedTrial = z.object({
  /** `CANDIDATE@TREE/PROFILE/SUITE`, unique in the plan. */
  id: z.string(),
  candidate: z.string(),
  tree: z.string(),
  profile: z.string(),
  suite: z.string(),
  /** What the names stand for, as `evaluate` takes it. The candidate's is a key of the plan's `candidates`. */
  meant: z.object({ tree: z.string(), profile: z.string(), suite: z.string() }),
  settings: settingsSchema,
  /** Relative to the matrix's directory. */
  directory: z.string(),
});
export type PlannedTrial = z.infer<typeof plannedTrial>;

/** plan.json: what is to be tried, for whoever does it. The version rises when a field changes its meaning or goes. */
export const planSchema = z.object({
  schema: z.literal('ringtrial.plan/1'),
  name: z.string(),
  base: z.enum(['shared', 'own']),
  candidates: z.record(z.string(), storedCandidate),
  /** Trials that share a base stand together, so that work trees are switched least. */
  trials: z.array(plannedTrial),
});
export type Plan = z.infer<typeof planSchema>;

/** SHA-256 (hex) of a plan: equal plans, equal digest. */
export const planDigest = (plan: Plan): string =>
  createHash('sha256')
    .update(JSON.stringify(planSchema.parse(plan)))
    .digest('hex');

/** Whether a trial is compared with a run of base that others are compared with, too. */
export const sharesBase = ({ base }: Pick<Plan, 'base'>, { settings }: PlannedTrial): boolean =>
  // Repetitions that go on until it is sure need both kernels by turns.
  base === 'shared' && settings.repeat !== 'auto';

/** Trials with the same key are compared with the same run of base. */
export function baseKey({ meant, settings }: PlannedTrial): string {
  const ofGuests = Object.entries(settings).filter(([name]) => name !== 'strict');
  const how = JSON.stringify(ofGuests.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const digest = createHash('sha256').update(`${meant.tree}\0${meant.profile}\0${meant.suite}\0${how}`);
  return `${fileName(`${meant.tree}+${meant.profile}+${meant.suite}`)}-${digest.digest('hex').slice(0, 8)}`;
}

/** A name as a name of a file that every file system and every archive takes. */
export const fileName = (name: string): string => name.replaceAll(/[^\w.@+-]+/g, '-').slice(0, 150);

/**
 * The trials of shard `index` (from 1) of `count`: neighbours, because they share builds and bases.
 */
export function shardOf<T>(trials: readonly T[], { index, count }: { index: number; count: number }): T[] {
  const edge = (shard: number): number => Math.floor((trials.length * shard) / count);
  return trials.slice(edge(index - 1), edge(index));
}
