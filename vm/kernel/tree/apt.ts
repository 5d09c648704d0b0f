import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cacheDir } from '../../../common/cache.ts';
import { DownloadCorruptError, NoNetworkError, UnknownTreeError } from '../errors.ts';
import { type Lock, lockFile } from '../process/lock.ts';
import { capture, run } from '../process/run.ts';
import { requireSpace, TREE_BYTES } from '../process/space.ts';
import { requireTools } from '../process/tools.ts';
import type { KernelOptions } from '../types.ts';
import { hostRelease, hostSources } from './apt-host.ts';
import { formatSources, retargetSources } from './apt-sources.ts';

/** Lists of one suite and apt's own caches of them: 30 MB, and the same again while they are replaced. */
const LISTS_BYTES = 2e8;

/** How long a package list counts as new. */
const FRESH_MS = 24 * 3600 * 1000;

/** The helper that fetches one file with apt's own methods, proxies and credentials; part of the apt package. */
const APT_HELPER = '/usr/lib/apt/apt-helper';

/** A package file in the archive, as apt knows it. */
export interface ArchiveFile {
  readonly version: string;
  readonly uri: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** As apt-helper(1) takes it: `SHA256:…`. */
  readonly hash: string;
}

/** What the lists are of: binary packages, or source packages. */
export type PackageKind = 'deb' | 'deb-src';

/**
 * An apt root of our own, with the host's sources asked for other suites. The host's apt is only read, so
 * this works for every user, before the host's first `apt-get update`, and for releases the host does not follow.
 */
export class AptRoot implements AsyncDisposable {
  readonly suites: readonly string[];
  readonly #kind: PackageKind;
  readonly #dir: string;
  readonly #lock: Lock;
  readonly #options: KernelOptions;

  private constructor(
    lists: { readonly suites: readonly string[]; readonly kind: PackageKind; readonly dir: string },
    lock: Lock,
    options: KernelOptions,
  ) {
    this.suites = lists.suites;
    this.#kind = lists.kind;
    this.#dir = lists.dir;
    this.#lock = lock;
    this.#options = options;
  }

  /** @throws UnknownTreeError when this host has no Debian sources, MissingToolError when it has no apt. */
  static async open(
    suites: readonly string[],
    options: KernelOptions,
    kind: PackageKind = 'deb',
  ): Promise<AptRoot> {
    requireTools(['apt-get', 'dpkg-deb'], 'fetch a source from Debian');
    const dir = await cacheDir('apt', `${suites.join('+')}${kind === 'deb' ? '' : '.sources'}`);
    const lock = await lockFile(path.join(dir, 'lock'), {
      signal: options.signal,
      onWait: (holder) => options.onEvent?.({ type: 'waiting', what: 'the package lists', holder }),
    });
    const root = new AptRoot({ suites, kind, dir }, lock, options);
    try {
      await root.#writeSources();
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    return root;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  /** Sources that changed on the host make the lists old. */
  async #writeSources(): Promise<void> {
    for (const sub of ['state/lists/partial', 'cache/archives/partial', 'sources']) {
      await mkdir(path.join(this.#dir, sub), { recursive: true });
    }
    const release = await hostRelease();
    const sources = retargetSources(await hostSources(), release, this.suites);
    if (sources.length === 0) {
      throw new UnknownTreeError(
        'This host has no Debian archive among its apt sources, so debian: trees are out of reach. Name a directory, DIR@REF or a tarball instead.',
      );
    }
    const text = formatSources(sources.map((source) => ({ ...source, types: [this.#kind] })));
    const file = path.join(this.#dir, 'sources', 'debian.sources');
    if (text === (await readFile(file, 'utf8').catch(() => ''))) return;
    await writeFile(file, text);
    await rm(this.#stamp, { force: true });
  }

  get #stamp(): string {
    return path.join(this.#dir, 'updated');
  }

  get #settings(): string[] {
    const settings = {
      'Dir::State': path.join(this.#dir, 'state'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': path.join(this.#dir, 'cache'),
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': path.join(this.#dir, 'sources'),
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'Acquire::Languages': 'none',
      'Acquire::GzipIndexes': 'true',
      'Acquire::Retries': '2',
      // The cache is the user's own: root's apt would otherwise become a user who cannot enter it.
      ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
    };
    return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** When the lists were fetched, in milliseconds since the epoch; null when they never were. */
  get updatedAt(): Promise<number | null> {
    return stat(this.#stamp).then(
      (stats) => stats.mtimeMs,
      () => null,
    );
  }

  get isFresh(): Promise<boolean> {
    return this.updatedAt.then((at) => at !== null && Date.now() - at < FRESH_MS);
  }

  /**
   * Fetches the package lists. A suite that fails while another one comes is no obstacle: old releases leave the mirrors
   * bit by bit.
   *
   * @returns apt's first complaint, or null.
   * @throws NoNetworkError when nothing came; lists fetched earlier stay usable.
   */
  async update(): Promise<string | null> {
    // apt-get 2.6 waits for ever when the disk fills up in the middle of this.
    await requireSpace('the package lists', this.#dir, LISTS_BYTES);
    this.#options.onEvent?.({ type: 'lookup', what: `Debian ${this.suites.join(', ')}` });
    let reached = 0;
    const result = await run(['apt-get', ...this.#settings, '-q', 'update'], {
      signal: this.#options.signal,
      lock: this.#lock,
      onLine: (line) => {
        if (/^(Get|Hit):\d+ .*InRelease/.test(line)) reached += 1;
      },
    });
    // apt-get exits 0 after a transient failure.
    const problem = result.tail.find((line) => /^(E:|W: Failed to fetch|W: GPG error)/.test(line)) ?? null;
    await this.#checkSpace(problem ?? '');
    if (reached === 0) {
      throw new NoNetworkError(
        `The Debian package lists cannot be fetched: ${problem ?? result.tail.at(-1) ?? 'apt-get update failed'}`,
      );
    }
    await writeFile(this.#stamp, '');
    return problem;
  }

  async #checkSpace(said: string): Promise<void> {
    if (/No space left on device/.test(said))
      await requireSpace('the package lists and downloads', this.#dir, TREE_BYTES);
  }

  /** The newest version of a package, or the given one; null when no list has it. */
  async find(packageName: string, version: string | null): Promise<ArchiveFile | null> {
    const what = version === null ? packageName : `${packageName}=${version}`;
    const { stdout } = await capture(
      ['apt-get', ...this.#settings, 'download', '--print-uris', what],
      this.#options,
    );
    return parsePrintedUri(stdout);
  }

  /** The files of a source package's newest version, as its authors released it first; empty when no list has it. */
  async sourceFiles(packageName: string): Promise<ArchiveFile[]> {
    const { stdout } = await capture(
      [
        'apt-get',
        ...this.#settings,
        'source',
        '--only-source',
        '--download-only',
        '--print-uris',
        packageName,
      ],
      this.#options,
    );
    return stdout.split('\n').flatMap((line) => parsePrintedUri(line) ?? []);
  }

  /** The newest versions of packages, by their names. */
  async versions(packageNames: readonly string[]): Promise<Map<string, string>> {
    if (packageNames.length === 0) return new Map();
    const { stdout } = await capture(
      ['apt-cache', ...this.#settings, 'show', '--no-all-versions', ...packageNames],
      this.#options,
    );
    const stanzas = stdout.split(/\n\n+/);
    return new Map(
      stanzas.flatMap((stanza): [string, string][] => {
        const [, name] = /^Package: (\S+)$/m.exec(stanza) ?? [];
        const [, version] = /^Version: (\S+)$/m.exec(stanza) ?? [];
        return name === undefined || version === undefined ? [] : [[name, version]];
      }),
    );
  }

  /** All packages in the lists whose name starts with `prefix`, sorted. */
  async names(prefix: string): Promise<string[]> {
    const { stdout } = await capture(['apt-cache', ...this.#settings, 'pkgnames', prefix], this.#options);
    return stdout
      .split('\n')
      .filter((name) => name !== '')
      .toSorted();
  }

  /**
   * Downloads to `target`. What a stopped download left is continued as far as the archive allows it; apt checks the hash.
   *
   * @throws DownloadCorruptError when the content is wrong twice, NoNetworkError when it does not come.
   */
  async download(file: ArchiveFile, target: string): Promise<void> {
    const partial = `${target}.partial`;
    for (const attempt of [1, 2]) {
      const { exitCode, tail } = await this.#fetch(file, partial);
      if (exitCode === 0) return rename(partial, target);
      const said = tail
        .filter((line) => /^(E:|W:|Err:|\s)/.test(line))
        .join(' ')
        .trim();
      await this.#checkSpace(said);
      if (!/hash sum mismatch|unexpected size/i.test(said))
        throw new NoNetworkError(`${file.name} cannot be downloaded: ${said}`);
      await rm(partial, { force: true });
      if (attempt === 2)
        throw new DownloadCorruptError(
          `${file.name} was downloaded twice and is not what Debian signed: ${said}`,
        );
    }
  }

  async #fetch(file: ArchiveFile, partial: string): ReturnType<typeof run> {
    const fetching = new AbortController();
    const progress = this.#reportSize(file, partial, fetching.signal);
    try {
      return await run([APT_HELPER, ...this.#settings, 'download-file', file.uri, partial, file.hash], {
        signal: this.#options.signal,
        lock: this.#lock,
      });
    } finally {
      fetching.abort();
      await progress;
    }
  }

  async #reportSize(file: ArchiveFile, partial: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const bytes = await stat(partial).then(
        (stats) => stats.size,
        () => 0,
      );
      this.#options.onEvent?.({ type: 'download', what: file.name, bytes, total: file.size });
      await setTimeout(200, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Reads a line of `apt-get download --print-uris`: `'URI' NAME SIZE HASH`, the name being `PACKAGE_VERSION_ARCH.deb`. */
export function parsePrintedUri(output: string): ArchiveFile | null {
  const match = /^'([^']+)' (\S+) (\d+) (\S+:[0-9a-f]+)\s*$/m.exec(output);
  if (match === null) return null;
  const [, uri = '', name = '', size = '', hash = ''] = match;
  const version = name.split('_')[1];
  return version === undefined
    ? null
    : { version: decodeURIComponent(version), uri, name, size: Number(size), hash };
}
