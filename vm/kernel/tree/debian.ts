import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { NoNetworkError, UnknownTreeError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { AptRoot, type ArchiveFile } from './apt.ts';
import { cachedTrees, findTree, importTree, safeName } from './store.ts';
import { topOf, unpackFromDeb } from './unpack.ts';

/** Which Debian suites carry which kernel series for their whole life. Others come and go, and are looked for in `NEWEST`. */
const STABLE_SERIES: Readonly<Record<string, readonly string[]>> = {
  '5.10': ['bullseye', 'bullseye-security'],
  '6.1': ['bookworm', 'bookworm-security'],
  '6.12': ['trixie', 'trixie-security'],
};
const NEWEST = ['trixie-backports', 'sid'];

/** All suites that `debian:` trees come from, with the one series that is theirs; null: whatever they have. */
export const DEBIAN_SUITES: readonly {
  readonly series: string | null;
  readonly suites: readonly string[];
}[] = [
  ...Object.entries(STABLE_SERIES).map(([series, suites]) => ({ series, suites })),
  { series: null, suites: NEWEST },
];

/** Specs that always exist, for messages. */
export const DEBIAN_EXAMPLES = Object.keys(STABLE_SERIES).map((series) => `debian:${series}`);

/** `6.1`, or with `exact` a package version such as `6.1.192-2`. */
export interface DebianSpec {
  readonly series: string;
  readonly exact: string | null;
}

/** Reads what follows `debian:`; null when it is neither a series nor a package version. */
export function parseDebianSpec(text: string): DebianSpec | null {
  const match = /^(\d+\.\d+)([.-][\w.~+-]*-[\w.~+-]+|-[\w.~+-]+)?$/.exec(text);
  if (match === null) return null;
  return { series: match[1] ?? '', exact: match[2] === undefined ? null : text };
}

/** What was the newest version at some time, so that the archive is asked once a day. */
const Resolved = z.object({ id: z.string(), at: z.number() });
const RESOLVED_MS = 24 * 3600 * 1000;

const idOf = (version: string): string => safeName(`debian-${version}`);

/**
 * Debian's `linux-source-X`, the newest version, looked up at most once a day unless `newest` is set, or an exact version.
 *
 * Without network the newest cached version is used and a notice says so.
 *
 * @throws UnknownTreeError when Debian has no such package, NoNetworkError when nothing is cached either.
 */
export async function resolveDebian(spec: string, options: KernelOptions): Promise<Tree> {
  const wanted = parseDebianSpec(spec.slice('debian:'.length));
  if (wanted === null) {
    throw new UnknownTreeError(
      `'${spec}' names no Debian kernel. Write ${DEBIAN_EXAMPLES.join(', ')}, or a version such as debian:6.1.192-2.`,
    );
  }
  const today = options.newest ? null : await resolvedToday(wanted.series);
  const known = wanted.exact === null ? today : idOf(wanted.exact);
  const cached = known === null ? null : await findTree(known, spec);
  if (cached !== null) return cached;
  try {
    return await fetchDebian(spec, wanted, options);
  } catch (error) {
    if (!(error instanceof NoNetworkError) || wanted.exact !== null) throw error;
    const fallback = (await cachedTrees(`debian-${wanted.series}`)).find((id) =>
      /^[.-]/.test(id.slice(`debian-${wanted.series}`.length)),
    );
    const tree = fallback === undefined ? null : await findTree(fallback, spec);
    if (tree === null) throw error;
    options.onEvent?.({
      type: 'notice',
      message: `No network: using the cached ${tree.id}. (${error.message})`,
    });
    return tree;
  }
}

async function fetchDebian(spec: string, wanted: DebianSpec, options: KernelOptions): Promise<Tree> {
  await using apt = await AptRoot.open(STABLE_SERIES[wanted.series] ?? NEWEST, options);
  const fresh = !options.newest && (await apt.isFresh);
  const attempt = async (update: boolean): Promise<Tree> => {
    const problem = update ? await apt.update() : null;
    const file = await apt.find(`linux-source-${wanted.series}`, wanted.exact);
    if (file === null) throw await notInDebian(apt, { spec, wanted, problem });
    return importDeb(apt, { spec, wanted, file }, options);
  };
  const tree = await attempt(!fresh).catch((error: unknown) => {
    // The archive drops a version when the next one comes, which lists of this morning do not know.
    if (fresh && (error instanceof NoNetworkError || error instanceof UnknownTreeError)) return attempt(true);
    throw error;
  });
  if (wanted.exact === null) await rememberToday(wanted.series, tree.id);
  return tree;
}

async function notInDebian(
  apt: AptRoot,
  miss: { spec: string; wanted: DebianSpec; problem: string | null },
): Promise<UnknownTreeError | NoNetworkError> {
  if (miss.problem !== null)
    return new NoNetworkError(`'${miss.spec}' was not found, but not all lists came: ${miss.problem}`);
  const names = await apt.names('linux-source-');
  const there = names.map((name) => name.replace('linux-source-', 'debian:'));
  const all = [
    ...new Set([...DEBIAN_EXAMPLES, ...there.filter((name) => parseDebianSpec(name.slice(7)) !== null)]),
  ];
  const what = `${miss.wanted.exact === null ? '' : 'such version of '}linux-source-${miss.wanted.series}`;
  return new UnknownTreeError(
    `Debian (${apt.suites.join(', ')}) has no ${what}, which '${miss.spec}' asks for. There are: ${all.join(', ')}.`,
  );
}

async function importDeb(
  apt: AptRoot,
  source: { spec: string; wanted: DebianSpec; file: ArchiveFile },
  options: KernelOptions,
): Promise<Tree> {
  const { spec, wanted, file } = source;
  const id = idOf(file.version);
  const deb = path.join(await cacheDir('downloads'), safeName(file.name));
  const tree = await importTree(
    {
      spec,
      lockName: id,
      id,
      nameFor: () => id,
      familyFor: () => `debian-${wanted.series}`,
      fill: async (dir, lock) => {
        await apt.download(file, deb);
        const member = `./usr/src/linux-source-${wanted.series}.tar.xz`;
        await unpackFromDeb({ file: deb, member }, { what: file.name, into: dir, lock }, options);
        return { top: await topOf(dir) };
      },
    },
    options,
  );
  await rm(deb, { force: true });
  return tree;
}

const resolvedFile = async (series: string): Promise<string> =>
  path.join(await cacheDir('apt'), `resolved-${series}.json`);

async function resolvedToday(series: string): Promise<string | null> {
  const resolved = await readJson(await resolvedFile(series), Resolved);
  return resolved !== null && Date.now() - resolved.at < RESOLVED_MS ? resolved.id : null;
}

const rememberToday = async (series: string, id: string): Promise<void> =>
  writeFile(await resolvedFile(series), `${JSON.stringify({ id, at: Date.now() })}\n`);
