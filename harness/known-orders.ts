import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../common/cache.ts';
import { Dependencies, mergeDependencies } from './triage/dependencies.ts';

const schema = z.object({
  after: z.record(z.string(), z.array(z.string())),
  shared: z.array(z.string()),
});

/**
 * Adds the lock orders that a base kernel recorded to those of its earlier runs on this machine, and
 * returns them all. Two boots of one kernel differ in dozens of orders by mere timing; the more runs of
 * base are known, the more likely a new order is the patch's.
 *
 * @param kernel hash of the base kernel
 */
export async function rememberOrders(
  kernel: string,
  seen: readonly Dependencies[],
): Promise<Dependencies | undefined> {
  if (seen.length === 0) return undefined;
  const file = path.join(await cacheDir('lock-orders'), `${kernel}.json`);
  const all = mergeDependencies([...seen, ...(await recall(file))]);
  const content = {
    after: Object.fromEntries([...all.after].map(([from, to]) => [from, [...to]])),
    shared: [...all.shared],
  };
  const partial = `${file}.${randomUUID()}`;
  await writeFile(partial, JSON.stringify(content satisfies z.infer<typeof schema>));
  await rename(partial, file);
  return all;
}

/** What was kept; nothing when there is none, or none that can be read. */
async function recall(file: string): Promise<Dependencies[]> {
  try {
    const { after, shared } = schema.parse(JSON.parse(await readFile(file, 'utf8')));
    const sets = Object.entries(after).map(([from, to]): [string, Set<string>] => [from, new Set(to)]);
    return [new Dependencies(new Map(sets), new Set(shared))];
  } catch {
    return [];
  }
}
