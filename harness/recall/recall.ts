import { mkdir } from 'node:fs/promises';
import { RingtrialError } from '../../common/errors.ts';
import type { Candidate } from '../../patches/index.ts';
import { listCandidates, loadCandidate } from '../../patches/index.ts';
import { secondsSince } from '../seconds.ts';
import { type BaseTrial, openBase } from './base.ts';
import { type Mutant, tryMutant } from './mutant.ts';
import type { RecallOptions } from './options.ts';
import { type MutantRow, type Recall, recallSchema } from './schema.ts';

/** Every mutant belongs to a tree. */
class MutantTreeError extends RingtrialError {
  readonly code = 'MUTANT_WITHOUT_TREE';
}

/**
 * Runs the suite over mutants, which are wrong on purpose, and over their bases, which are not: what
 * it catches, by what, and how fast. A mutant that it misses is a defect of the suite.
 *
 * @throws what `evaluate` throws for a base; what is wrong with one mutant is its row
 */
export async function recall(options: RecallOptions): Promise<Recall> {
  const started = Date.now();
  const mutants = await chosen(options.names);
  await mkdir(options.out, { recursive: true });
  const rows: MutantRow[] = [];
  const bases: BaseTrial[] = [];
  // By tree and profile: each base is built and run once, and its work tree is switched from mutant to mutant.
  for (const [key, group] of Object.entries(Object.groupBy(mutants, groupOf))) {
    const [tree = '', profile = ''] = key.split(' ');
    const base = await openBase({ tree, profile }, options);
    bases.push(base);
    for (const mutant of group ?? []) {
      const row = await tryMutant(mutant, base, options);
      rows.push(row);
      options.onRow?.(row);
    }
  }
  return recallSchema.parse({
    schema: 'ringtrial.recall/1',
    summary: summarise(rows, bases),
    suite: bases[0]?.trial.suite.name ?? '',
    mutants: rows,
    bases: bases.map(({ row }) => row),
    seconds: secondsSince(started),
  });
}

async function chosen(names: readonly string[] | undefined): Promise<Mutant[]> {
  const all =
    names === undefined || names.length === 0
      ? (await listCandidates())
          .filter(({ kind }) => kind === 'mutant')
          .map((candidate) => ({ ...candidate, patch: candidate.name }))
      : await Promise.all(names.map(async (patch) => ({ ...(await loadCandidate(patch)), patch })));
  const homeless = all.find(({ trees }) => trees.length === 0);
  if (homeless)
    throw new MutantTreeError(
      `${homeless.name} names no tree that it is for; put one into its candidate.json.`,
    );
  return all;
}

const groupOf = ({ trees, expect }: Candidate): string => `${trees[0]} ${expect?.profile ?? 'lockdep'}`;

function summarise(rows: readonly MutantRow[], bases: readonly BaseTrial[]): string {
  const count = (result: MutantRow['result']): number => rows.filter((row) => row.result === result).length;
  const parts = [`${count('caught')} of ${rows.length} mutants caught`];
  for (const result of ['missed', 'unclear', 'not tried'] as const)
    if (count(result) > 0) parts.push(`${count(result)} ${result}`);
  const alarms = bases.reduce((sum, { row }) => sum + row.alarms.length, 0);
  const runs = bases.reduce((sum, { row }) => sum + row.repetitions, 0);
  const times = `${runs} run${runs === 1 ? '' : 's'}`;
  parts.push(`${alarms === 0 ? 'no' : alarms} false alarm${alarms === 1 ? '' : 's'} on base (${times})`);
  return parts.join(', ');
}
