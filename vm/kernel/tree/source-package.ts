import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { NoNetworkError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import type { KernelOptions } from '../types.ts';
import { AptRoot, type ArchiveFile } from './apt.ts';

/** What its authors released, as Debian keeps it; Debian's own changes are not in it. */
export interface SourcePackage {
  readonly name: string;
  /** Debian's: `2.3-3`. */
  readonly version: string;
  /** The archive, verified against Debian's signed lists. */
  readonly tarball: string;
}

/** Which version of a package a Debian release had when it was asked. */
const Known = z.object({ version: z.string(), file: z.string(), at: z.number() });

/** For how long that is taken for the newest. Released Debian versions hardly ever change theirs. */
const KNOWN_MS = 30 * 24 * 3600 * 1000;

/**
 * Debian's source package as a tarball in the cache. Without network the version that the cache has is used,
 * and a notice says so.
 *
 * @param release whose version is wanted: `bookworm`, `trixie`, `sid`
 * @throws NoNetworkError when it is not cached and cannot be fetched
 */
export async function fetchSourcePackage(
  name: string,
  release: string,
  options: KernelOptions = {},
): Promise<SourcePackage> {
  const record = path.join(await cacheDir('apt'), `source-${name}-${release}.json`);
  const known = await cached(name, await readJson(record, Known));
  if (known !== null && Date.now() - known.at < KNOWN_MS) return known.package;
  try {
    const fetched = await fetch(name, release, options);
    const file = path.basename(fetched.tarball);
    await writeFile(record, `${JSON.stringify({ version: fetched.version, file, at: Date.now() })}\n`);
    return fetched;
  } catch (error) {
    if (!(error instanceof NoNetworkError) || known === null) throw error;
    const message = `No network: using the cached ${name} ${known.package.version}. (${error.message})`;
    options.onEvent?.({ type: 'notice', message });
    return known.package;
  }
}

async function cached(
  name: string,
  known: z.infer<typeof Known> | null,
): Promise<{ readonly package: SourcePackage; readonly at: number } | null> {
  if (known === null) return null;
  const tarball = path.join(await cacheDir('downloads', 'sources'), known.file);
  const there = await stat(tarball).then(
    () => true,
    () => false,
  );
  return there ? { package: { name, version: known.version, tarball }, at: known.at } : null;
}

async function fetch(name: string, release: string, options: KernelOptions): Promise<SourcePackage> {
  await using apt = await AptRoot.open([release], options, 'deb-src');
  const problem = (await apt.isFresh) ? null : await apt.update();
  const { version, archive } = parts(await apt.sourceFiles(name));
  if (version === undefined || archive === undefined) {
    const because = problem === null ? '' : ` Not all lists came: ${problem}`;
    throw new NoNetworkError(`Debian ${release} has no source package ${name} in its lists.${because}`);
  }
  const tarball = path.join(await cacheDir('downloads', 'sources'), archive.name);
  await apt.download(archive, tarball);
  return { name, version, tarball };
}

/** `NAME_VERSION.dsc` says the version, `NAME_UPSTREAM.orig.tar.*` is the release. */
function parts(files: readonly ArchiveFile[]): {
  version: string | undefined;
  archive: ArchiveFile | undefined;
} {
  const description = files.find((file) => file.name.endsWith('.dsc'));
  return {
    version: description?.version.replace(/\.dsc$/, ''),
    archive: files.find((file) => /\.orig\.tar\.\w+$/.test(file.name)),
  };
}
