import { Command } from '@commander-js/extra-typings';
import { cacheEntries } from '../../harness/cache/entries.ts';
import { inventory } from '../../harness/cache/inventory.ts';
import { choose, type Pruned, type PruneRules, remove } from '../../harness/cache/prune.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { renderPruned, renderTrees } from '../../harness/output/trees.ts';
import {
  cachedTrees,
  checkProfile,
  findTree,
  type KernelOptions,
  loadProfile,
  offeredTrees,
  profileNames,
  resolveTree,
} from '../../vm/kernel/index.ts';
import { interruptible } from '../interrupt.ts';
import { show } from '../show.ts';
import { positive } from '../values.ts';

export const treesVerb = () =>
  new Command('trees')
    .description(
      'the kernel trees that are known, which are in the cache, what is built of them; cleaning it',
    )
    .argument('[trees...]', 'with --check: fetch these and see which profiles they can be built with')
    .option(
      '--check',
      'find out which profiles the cached trees can be built with (half a minute each)',
      false,
    )
    .option('--refresh', "fetch Debian's package lists anew", false)
    .option(
      '--prune',
      'remove from the cache what nobody has used for long, and what dead processes left',
      false,
    )
    .option('--unused <days>', 'with --prune: for how long it must have been unused', positive, 30)
    .option('--keep <gigabytes>', 'with --prune: then remove more, until no more than this is left', positive)
    .option('--dry-run', 'with --prune: only print what would go', false)
    .option('--json', 'print it as JSON (schema ringtrial.trees/1)', false)
    .addHelpText(
      'after',
      `
What --prune removes can all be made again. It never takes what a running process uses. With --keep, what took least to
make goes first, of each kind the least recently used: logs, debug files, test suites, kernels of patches, kernels of
base, work trees, checks, trees.`,
    )
    .action(async (trees, { check, refresh, prune, unused, keep, dryRun, json }) => {
      const signal = interruptible();
      if (prune) {
        const keepBytes = keep === undefined ? undefined : keep * 1e9;
        const pruned = await pruneCache({ unusedDays: unused, keepBytes }, { dryRun, signal });
        return show(json ? pruned.map(asJson) : renderPruned(pruned, !dryRun));
      }
      const screen = screenOn(process.stderr);
      const tell = progressOn(screen);
      const options: KernelOptions = {
        signal,
        onEvent: (event) => tell({ type: 'kernel', side: 'base', event }),
      };
      try {
        if (check || trees.length > 0) await checkTrees(trees, options);
        screen.status('measuring the cache');
        const result = await inventory(await offeredTrees(options, refresh), options);
        screen.end();
        show(json ? result : renderTrees(result));
      } finally {
        screen.end();
      }
    });

/** @param specs trees to fetch; none: those that are in the cache */
async function checkTrees(specs: readonly string[], options: KernelOptions): Promise<void> {
  const cached = specs.length > 0 ? [] : await cachedTrees('');
  const there = await Promise.all(cached.map((id) => findTree(id, id)));
  const trees = there.filter((tree) => tree !== null);
  for (const spec of specs) trees.push(await resolveTree(spec, options));
  const names = await profileNames();
  for (const tree of trees)
    for (const name of names) await checkProfile(tree, await loadProfile(name), options);
}

async function pruneCache(
  rules: PruneRules,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Pruned[]> {
  const chosen = choose(await cacheEntries(signal), rules, Date.now());
  if (dryRun) return chosen;
  const gone: Pruned[] = [];
  for (const pruned of chosen) {
    signal.throwIfAborted();
    if (await remove(pruned.entry)) gone.push(pruned);
  }
  return gone;
}

const asJson = ({ entry: { kind, name, path, bytes }, why }: Pruned) => ({ kind, name, path, bytes, why });
