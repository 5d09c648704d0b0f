import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { NoNetworkError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import type { KernelOptions } from '../types.ts';
import { AptRoot } from './apt.ts';
import { DEBIAN_SUITES } from './debian.ts';

/** A kernel source that Debian's archive offers. */
export interface OfferedTree {
  /** As `--tree` takes it: `debian:6.1`. */
  readonly spec: string;
  /** Debian's version of it, `6.1.192-3`; null when the package lists were never fetched. */
  readonly version: string | null;
  /** The Debian suites that it comes from. */
  readonly suites: readonly string[];
}

/**
 * What `debian:` trees there are, by the package lists of all suites that are looked into. Lists that were fetched at any
 * time will do, unless they are to be fetched anew; without network, of stable releases the series that they
 * have for their whole life, and a notice.
 *
 * @throws UnknownTreeError when this host has no Debian sources, MissingToolError
 */
export async function offeredTrees(options: KernelOptions, refresh = false): Promise<OfferedTree[]> {
  const all: OfferedTree[] = [];
  for (const { series, suites } of DEBIAN_SUITES) {
    const found = await offeredBy(suites, options, refresh);
    const wanted = series === null ? found : found.filter(({ spec }) => spec === `debian:${series}`);
    const unknown = series === null ? [] : [{ spec: `debian:${series}`, version: null, suites }];
    all.push(...(wanted.length > 0 ? wanted : unknown));
  }
  return all;
}

/** What some lists were found to have. Asking apt takes seconds, and lists change once a day. */
const Remembered = z.object({
  listsAt: z.number(),
  offered: z.array(z.object({ spec: z.string(), version: z.string(), suites: z.array(z.string()) })),
});

async function offeredBy(
  suites: readonly string[],
  options: KernelOptions,
  refresh: boolean,
): Promise<OfferedTree[]> {
  await using apt = await AptRoot.open(suites, options);
  try {
    if (refresh || (await apt.updatedAt) === null) await apt.update();
  } catch (error) {
    if (!(error instanceof NoNetworkError)) throw error;
    options.onEvent?.({ type: 'notice', message: error.message });
  }
  const record = path.join(await cacheDir('apt'), `offered-${suites.join('+')}.json`);
  const listsAt = await apt.updatedAt;
  const remembered = await readJson(record, Remembered);
  if (remembered !== null && remembered.listsAt === listsAt) return remembered.offered;
  const names = await apt.names('linux-source-');
  const versions = await apt.versions(names.filter((name) => SERIES.test(name)));
  const offered = [...versions].map(([name, version]) => {
    return { spec: `debian:${SERIES.exec(name)?.[1]}`, version, suites: [...suites] };
  });
  if (listsAt !== null) await writeFile(record, `${JSON.stringify({ listsAt, offered })}\n`);
  return offered;
}

const SERIES = /^linux-source-(\d+\.\d+)$/;
