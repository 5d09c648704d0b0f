import { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { type Screen, screenOn } from '../../harness/output/screen.ts';
import { table } from '../../harness/output/table.ts';
import { type Candidate, fitTo, loadCandidate, repositoryOf, treeFits } from '../../patches/index.ts';
import { cachedTrees, findTree, resolveTree, type Tree } from '../../vm/kernel/index.ts';
import { interruptible } from '../interrupt.ts';
import { show } from '../show.ts';

/** A row of the matrix. */
const row = z.object({
  tree: z.string(),
  /** The tree's name in the cache; one tree may go by several specs. */
  id: z.string().nullable(),
  /** What `make kernelversion` prints there; null when the tree is not to be had. */
  version: z.string().nullable(),
  fit: z.enum([...treeFits, 'no tree']),
  summary: z.string(),
  details: z.array(z.string()).readonly(),
  patch: z.string().optional(),
});
type Row = z.infer<typeof row>;

/** What `--json` prints. The version rises when a field changes its meaning or goes. */
const appliesSchema = z.object({
  schema: z.literal('ringtrial.applies/1'),
  candidate: z.string(),
  trees: z.array(row),
});

export const appliesVerb = () =>
  new Command('applies')
    .description('say to which trees a candidate applies, and how well')
    .argument(
      '<candidate>',
      "a name ('ringtrial candidates' lists them), a patch file or a directory of patches",
    )
    .option('--tree <tree>', 'a tree to try; may be given more than once', collected, [])
    .option('--explain', 'print every hunk that does not stand where and as the patch has it', false)
    .option('--json', 'print the matrix as JSON (schema ringtrial.applies/1)', false)
    .addHelpText(
      'after',
      `
Without --tree: the trees that are in the cache, and those that the candidate names.
Exit codes: 0 it applies to every tree that --tree names, or to one at least without --tree; 1 it does not;
3 a tree could not be had.`,
    )
    .action(async (name, { tree: asked, explain, json }) => {
      const signal = interruptible();
      const candidate = await loadCandidate(name);
      const screen = screenOn(process.stderr);
      const rows: Row[] = [];
      try {
        for (const tree of await treesFor(candidate, asked)) {
          if (rows.some(({ id }) => id !== null && id === tree.tree?.id)) continue;
          screen.status(`trying ${candidate.name} on ${tree.spec}`);
          rows.push(await rowFor(candidate, tree, { signal, screen }));
        }
      } finally {
        screen.end();
      }
      const result: z.infer<typeof appliesSchema> = {
        schema: 'ringtrial.applies/1',
        candidate: candidate.name,
        trees: rows,
      };
      show(json ? result : rendered(rows, explain));
      process.exitCode = exitCodeFor(rows, asked.length > 0);
    });

/** A tree by its spec, already there or not. */
type Wanted = { readonly spec: string; readonly tree?: Tree };

async function treesFor(candidate: Candidate, asked: readonly string[]): Promise<Wanted[]> {
  if (asked.length > 0) return asked.map((spec) => ({ spec }));
  const ids = await cachedTrees('');
  const cached = await Promise.all(ids.map((id) => findTree(id, id)));
  const known = cached
    .filter((tree) => tree !== null)
    .toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
    .map((tree): Wanted => ({ spec: tree.id, tree }));
  return [...candidate.trees.map((spec): Wanted => ({ spec })), ...known];
}

interface Surroundings {
  readonly signal: AbortSignal;
  readonly screen: Screen;
}

async function rowFor(
  candidate: Candidate,
  { spec, tree: there }: Wanted,
  { signal, screen }: Surroundings,
): Promise<Row> {
  let tree: Tree;
  try {
    tree =
      there ??
      (await resolveTree(spec, {
        signal,
        onEvent: (event) => event.type === 'notice' && screen.line(event.message),
      }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RingtrialError)) throw error;
    return { tree: spec, id: null, version: null, fit: 'no tree', summary: error.message, details: [] };
  }
  const repository = await repositoryOf(spec);
  const { id, version, dir } = tree;
  return { tree: spec, id, version, ...(await fitTo(dir, candidate, { repository, signal })) };
}

function rendered(rows: readonly Row[], explain: boolean): string {
  if (rows.length === 0) {
    return 'No tree is in the cache, and the candidate names none. Give --tree debian:6.1, a directory, DIR@REF or a tarball.\n';
  }
  const matrix = table(
    ['tree', 'version', 'fit', ''],
    rows.map(({ tree, version, fit, summary }) => [tree, version ?? '', fit, summary]),
  );
  if (!explain) return matrix;
  const told = rows.filter(({ details }) => details.length > 0);
  return (
    matrix +
    told.map(({ tree, details }) => `\n${tree}\n${details.map((line) => `  ${line}\n`).join('')}`).join('')
  );
}

function exitCodeFor(rows: readonly Row[], all: boolean): number {
  const fits = rows.filter(({ fit }) => fit !== 'fails' && fit !== 'refused' && fit !== 'no tree');
  const failing = rows.filter(({ fit }) => fit === 'fails' || fit === 'refused');
  if (all ? fits.length === rows.length : fits.length > 0) return ExitCode.accepted;
  return failing.length > 0 ? ExitCode.rejected : ExitCode.inconclusive;
}

const collected = (tree: string, before: readonly string[]): string[] => [...before, tree];
