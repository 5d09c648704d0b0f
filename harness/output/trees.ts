import type { Inventory, TreeRow } from '../cache/inventory.ts';
import type { Pruned } from '../cache/prune.ts';
import { safeLine } from '../triage/safe.ts';
import { table } from './table.ts';

/** Trees as a table, then what the cache takes. */
export function renderTrees({ trees, cache }: Inventory): string {
  const rows = trees.flatMap((row) => [
    [
      row.tree,
      row.version ?? '?',
      row.cached ? gigabytes(row.cached.bytes) : 'not fetched',
      built(row),
      supported(row),
    ],
    ...refusals(row),
  ]);
  const kinds = Object.entries(cache.bytes).filter(([, bytes]) => bytes > 0);
  const total = kinds.reduce((sum, [, bytes]) => sum + bytes, 0);
  return [
    table(['tree', 'version', 'cached', 'kernels built', 'can be built with'], rows),
    `\n${cache.directory}: ${gigabytes(total)} that can be made again`,
    kinds.length > 0 ? ` (${kinds.map(([kind, bytes]) => `${kind} ${gigabytes(bytes)}`).join(', ')})` : '',
    '\n',
    trees.some(({ cached }) => cached?.profiles.some((profile) => profile.supported === 'unknown'))
      ? 'ringtrial trees --check finds out what stands as "?": it configures, and builds nothing.\n'
      : '',
  ].join('');
}

const built = ({ cached }: TreeRow): string =>
  (cached?.profiles ?? [])
    .filter(({ kernels }) => kernels > 0)
    .map(({ profile, kernels, base }) => `${profile} ${kernels}${base ? '' : ' (no base)'}`)
    .join(', ');

const supported = ({ cached }: TreeRow): string =>
  (cached?.profiles ?? [])
    .filter((profile) => profile.supported !== 'no')
    .map(({ profile, supported: answer }) => (answer === 'yes' ? profile : `${profile}?`))
    .join(', ');

const refusals = ({ cached }: TreeRow): string[] =>
  (cached?.profiles ?? [])
    .filter((profile) => profile.supported === 'no')
    .map(({ profile, why }) => `  not with ${profile}: ${safeLine(why ?? '')}`);

/** What went, or would go, and what that frees. */
export function renderPruned(pruned: readonly Pruned[], done: boolean): string {
  const freed = gigabytes(pruned.reduce((sum, { entry }) => sum + entry.bytes, 0));
  if (pruned.length === 0) return 'Nothing goes by these rules.\n';
  const rows = pruned.map(({ entry, why }) => [entry.kind, gigabytes(entry.bytes), why, entry.name]);
  return `${table(['kind', 'size', 'why', 'what'], rows)}\n${done ? 'freed' : 'would free'} ${freed}\n`;
}

const gigabytes = (bytes: number): string =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
