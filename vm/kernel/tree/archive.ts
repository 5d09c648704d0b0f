import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import { UnknownTreeError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import type { KernelOptions, Tree } from '../types.ts';
import { checkDigest, download, fileDigest, parseChecksum } from './download.ts';
import { seriesOf } from './identity.ts';
import { digestOf } from './manifest.ts';
import { findTree, importTree, safeName } from './store.ts';
import { topOf, unpackTarball } from './unpack.ts';

/** Splits `FILE#sha256=HEX`. @throws UnknownTreeError when there is something else behind the `#`. */
export function splitChecksum(spec: string): { location: string; sha256: string | null } {
  const [location = '', fragment] = spec.split(/#(?=[^#]*$)/);
  if (fragment === undefined) return { location, sha256: null };
  const sha256 = /^sha256=([0-9a-fA-F]{64})$/.exec(fragment)?.[1];
  if (sha256 === undefined)
    throw new UnknownTreeError(
      `'${spec}': behind the # there may only be sha256= and 64 hexadecimal digits.`,
    );
  return { location, sha256: sha256.toLowerCase() };
}

const baseName = (location: string): string =>
  safeName(path.basename(location).replace(/\.t(ar(\.\w+)?|gz|xz|bz2|zst)$/, ''));

/** A tarball on disk, of any compression tar knows. Its digest is checked against `#sha256=` or a `FILE.sha256` beside it, when there is one. */
export async function resolveTarball(spec: string, options: KernelOptions): Promise<Tree> {
  const { location, sha256 } = splitChecksum(spec);
  const digest = await fileDigest(location, options.signal);
  const beside = await readFile(`${location}.sha256`, 'utf8').catch(() => null);
  checkDigest(
    location,
    digest,
    sha256 ?? (beside === null ? null : parseChecksum(beside, path.basename(location))),
  );
  return importTarball({ spec, file: location, location, digest }, options);
}

async function importTarball(
  source: { spec: string; file: string; location: string; digest: string },
  options: KernelOptions,
): Promise<Tree> {
  const id = `${baseName(source.location)}-${source.digest.slice(0, 12)}`;
  return importTree(
    {
      ...{ spec: source.spec, lockName: id, id },
      nameFor: () => id,
      familyFor: (version) => `tarball-${seriesOf(version)}`,
      fill: async (dir, lock) => {
        await unpackTarball(source.file, { what: path.basename(source.location), into: dir, lock }, options);
        return { top: await topOf(dir) };
      },
    },
    options,
  );
}

/** What a URL gave, so that it is fetched once: tarballs of releases do not change. */
const Fetched = z.object({ id: z.string(), sha256: z.string() });

/** A tarball behind an http(s) URL. Its digest is told, so that it can be pinned with `#sha256=`. */
export async function resolveUrl(spec: string, options: KernelOptions): Promise<Tree> {
  const { location, sha256 } = splitChecksum(spec);
  const downloads = await cacheDir('downloads');
  const name = `${digestOf(location).slice(0, 12)}-${safeName(path.basename(new URL(location).pathname))}`;
  const memory = path.join(downloads, `${name}.json`);
  const fetched = await readJson(memory, Fetched);
  if (fetched !== null) {
    checkDigest(location, fetched.sha256, sha256);
    const tree = await findTree(fetched.id, spec);
    if (tree !== null) return tree;
  }
  const file = path.join(downloads, name);
  const what = path.basename(location);
  await download({ url: location, target: file, what }, options);
  const digest = await fileDigest(file, options.signal);
  try {
    checkDigest(location, digest, sha256);
    if (sha256 === null)
      options.onEvent?.({
        type: 'notice',
        message: `${what} has SHA-256 ${digest}; append #sha256=${digest} to pin it.`,
      });
    const tree = await importTarball({ spec, file, location: new URL(location).pathname, digest }, options);
    await writeFile(memory, `${JSON.stringify({ id: tree.id, sha256: digest })}\n`);
    return tree;
  } finally {
    await rm(file, { force: true });
  }
}
