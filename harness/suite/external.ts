import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { fetchSourcePackage, type KernelEvent, type SourcePackage } from '../../vm/kernel/index.ts';
import { inRange } from '../policy-range.ts';
import { onceInCache } from './built.ts';
import { hashToolchain } from './compile.ts';
import { SuiteBuildError } from './errors.ts';
import type { ExternalDescription } from './external-schema.ts';
import type { SuitePlace } from './locate.ts';
import { type Program, type Suite, sha256Of } from './program.ts';

export type ExternalPlace = SuitePlace<ExternalDescription> & { readonly group: string | undefined };

export interface ExternalOptions {
  /** Of the kernel that the programs are for; without it, the oldest that is known. */
  readonly kernel?: string | undefined;
  readonly onEvent?: ((event: KernelEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a suite that others wrote, in the version that suits the kernel, and builds its programs into the
 * cache with the library of its own version. What does not compile here is left out and named in a notice.
 *
 * @throws NoNetworkError, SuiteBuildError
 */
export async function loadExternal(place: ExternalPlace, options: ExternalOptions): Promise<Suite> {
  const { external } = place.description;
  const source = await fetchSourcePackage(
    external.package,
    releaseFor(place.description, options.kernel),
    options,
  );
  const directory = await buildAll(place, source, options.signal);
  const names = programNames(await readFile(path.join(directory, 'Makefile'), 'utf8'));
  const wanted = wantedPrograms(place, names);
  const built = await Promise.all(wanted.map((name) => isThere(path.join(directory, name))));
  const missing = wanted.filter((_, index) => !built[index]);
  const programs = await Promise.all(
    wanted.filter((_, index) => built[index]).map((name) => describeProgram(place, directory, name)),
  );
  return {
    name: place.group === undefined ? place.name : `${place.name}:${place.group}`,
    title: `${place.description.title} (${source.version})`,
    programs,
    prepare: external.prepare,
    notices: [
      `${external.package} ${source.version}: ${programs.length} programs`,
      ...(missing.length > 0 ? [`these do not compile here and are left out: ${missing.join(', ')}`] : []),
    ],
  };
}

/** The Debian release whose version suits a kernel; for a kernel that nobody names, the first. */
export const releaseFor = ({ external }: ExternalDescription, kernel: string | undefined): string =>
  (
    external.releases.find((one) => kernel === undefined || inRange(one.kernels, kernel)) ??
    external.releases[0]
  )?.suite ?? '';

/** Those of the version's programs that the suite, or the part of it, is made of. */
export function wantedPrograms(place: ExternalPlace, names: readonly string[]): string[] {
  const { groups, leaveOut } = place.description.external;
  const group = place.group === undefined ? undefined : groups[place.group];
  return names.filter((name) => (group?.includes(name) ?? true) && !(name in leaveOut));
}

/** The list `test_srcs` in liburing's test/Makefile (2.3 to 2.15); C++ and what it adds by condition is not in it. */
export function programNames(makefile: string): string[] {
  const list = /^test_srcs := \\\n((?:\t.*\\\n)*.*)/m.exec(makefile)?.[1] ?? '';
  // Some versions name a test twice.
  return [...new Set([...list.matchAll(/^\s+([\w-]+)\.c\b/gm)].map((match) => match[1] ?? ''))];
}

async function buildAll(place: ExternalPlace, source: SourcePackage, signal?: AbortSignal): Promise<string> {
  const { groups, leaveOut } = place.description.external;
  const hash = createHash('sha256');
  await hashToolchain(hash);
  hash.update(await readFile(source.tarball));
  hash.update(JSON.stringify([place.group && groups[place.group], Object.keys(leaveOut)]));
  const key = `${source.name}-${source.version}-${hash.digest('hex').slice(0, 16)}`;
  return await onceInCache(key, async (directory) => {
    const tree = path.join(directory, '.source');
    await mkdir(tree);
    const run = commandsIn(tree, source, signal);
    await run(['tar', '--extract', '--strip-components=1', '--no-same-owner', '--file', source.tarball]);
    await run(['./configure', '--cc=gcc']);
    await run(['make', '-s', '-j2', '-C', 'src', 'ENABLE_SHARED=0', 'liburing.a']);
    const names = wantedPrograms(
      place,
      programNames(await readFile(path.join(tree, 'test', 'Makefile'), 'utf8')),
    );
    const targets = names.map((name) => `${name}.t`);
    const flags = ['CFLAGS=-O2 -w', 'LDFLAGS=-static'];
    // Old headers may lack what single tests need: the others are worth having.
    const said = await run(['make', '-s', '-k', '-j2', '-C', 'test', ...flags, ...targets], 'some may fail');
    const made = await Promise.all(targets.map((target) => isThere(path.join(tree, 'test', target))));
    if (!made.includes(true)) throw unbuildable(source, said);
    for (const name of names.filter((_, index) => made[index]))
      await run(['strip', '-o', path.join(directory, name), path.join(tree, 'test', `${name}.t`)]);
    await copyFile(path.join(tree, 'test', 'Makefile'), path.join(directory, 'Makefile'));
    await rm(tree, { recursive: true });
  });
}

function commandsIn(cwd: string, source: SourcePackage, signal?: AbortSignal) {
  return async (
    [file = '', ...args]: readonly string[],
    failure: 'some may fail' | 'fatal' = 'fatal',
  ): Promise<string> => {
    const result = await execa(file, args, {
      cwd,
      all: true,
      reject: false,
      // What others have in their environment is not what this was tried with.
      env: { MAKEFLAGS: '', MAKELEVEL: '', CFLAGS: '-O2', CPPFLAGS: '', LDFLAGS: '' },
      ...(signal ? { cancelSignal: signal } : {}),
    });
    signal?.throwIfAborted();
    const said = result.all ?? String(result.cause);
    if (result.failed && failure === 'fatal') throw unbuildable(source, `${file}: ${said}`);
    return said;
  };
}

const unbuildable = ({ name, version }: SourcePackage, said: string): SuiteBuildError =>
  new SuiteBuildError(`${name} ${version} cannot be built here:\n${said.split('\n').slice(-15).join('\n')}`);

async function describeProgram(place: ExternalPlace, directory: string, name: string): Promise<Program> {
  const { external } = place.description;
  const file = path.join(directory, name);
  return {
    name,
    protocol: 'exit-code',
    deadlineSeconds: external.deadlines[name] ?? external.deadlineSeconds,
    summary: `${external.package}'s test/${name}.c`,
    invariants: [],
    distinguishes: [],
    path: file,
    sha256: await sha256Of(file),
    points: [name],
  };
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
