import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { cacheDir } from '../../common/cache.ts';
import { onceInCache } from './built.ts';
import { SuiteBuildError } from './errors.ts';
import { type SuitePlace, testsRoot } from './locate.ts';
import type { SuiteDescription } from './schema.ts';

type Place = SuitePlace<SuiteDescription>;

/** How much of a compiler's output a message shows. */
const shownLines = 30;

/**
 * Compiles a suite's programs into the cache, once for each state of what they are made of.
 *
 * @returns a directory with one static executable a program
 * @throws SuiteBuildError with the compiler's words, as FILE:LINE
 */
export async function compileSuite(place: Place, signal?: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const hash = await sourceHash(place, signal);
    try {
      return await onceInCache(`${place.name}-${hash}`, async (directory) => {
        const fault = await build(place, directory, signal);
        // What is made once is not made a second time, faster.
        await rm(path.join(directory, '.obj'), { recursive: true, force: true });
        if ((await sourceHash(place, signal)) !== hash) throw new SourcesChanged();
        if (fault !== undefined) throw fault;
      });
    } catch (error) {
      if (!(error instanceof SourcesChanged)) throw error;
      if (attempt === attempts)
        throw new SuiteBuildError(`The sources of suite "${place.name}" change all the time.`, {
          cause: error,
        });
    }
  }
}

/** Somebody edits what is being compiled: nobody knows which state went into the programs. */
class SourcesChanged extends Error {}
const attempts = 5;

async function build(
  place: Place,
  directory: string,
  signal?: AbortSignal,
): Promise<SuiteBuildError | undefined> {
  // make splits names at spaces and reads `$`, so it may have to see a name of ours for a directory of others.
  const plain = /^[\w./+-]+$/.test(place.directory);
  const seen = plain ? place.directory : path.join(directory, '.suite');
  if (!plain) await symlink(place.directory, seen);
  const programs = place.description.programs.map((one) => `${one.name}:${one.source.join(',')}`);
  const what = [`OUT=${directory}`, `SUITE=${seen}`, `PROGRAMS=${programs.join(' ')}`];
  const result = await execa('make', ['-s', '-k', '-j2', '-C', testsRoot, ...what, ...(await compiler())], {
    all: true,
    reject: false,
    // Somebody else's make may have started us.
    env: { MAKEFLAGS: '', MAKELEVEL: '', CCACHE_DIR: await cacheDir('ccache') },
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (!plain) await rm(seen);
  return result.failed
    ? compilerError(place, result.all.replaceAll(`${seen}/`, `${place.directory}/`), result.cause)
    : undefined;
}

/** With ccache, where it is installed: an author changes one file at a time. */
async function compiler(): Promise<string[]> {
  const found = await execa('ccache', ['--version'], { reject: false });
  return found.failed ? [] : ['CC=ccache gcc'];
}

/** The first lines: what follows a compiler's first complaint is often its consequence. */
function compilerError(place: Place, output: string, cause: unknown): SuiteBuildError {
  const lines = output.split('\n').filter((line) => !/^make(\[\d+\])?: /.test(line));
  const shown = lines.slice(0, shownLines).join('\n').trimEnd();
  const more = lines.length > shownLines ? `\n(and ${lines.length - shownLines} more lines)` : '';
  return new SuiteBuildError(`The programs of suite "${place.name}" do not compile:\n${shown}${more}`, {
    cause,
  });
}

/** Over the suite's and the library's sources, the Makefile, the compiler and liburing: what the programs are made of. */
async function sourceHash(place: Place, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await hashToolchain(hash);
  hash.update(await readFile(path.join(testsRoot, 'Makefile')));
  hash.update(JSON.stringify(place.description.programs.map((one) => [one.name, one.source])));
  const own = place.shipped ? await filesOf(place.directory) : await dependencies(place, signal);
  for (const file of [...(await filesOf(path.join(testsRoot, 'lib'))), ...own]) {
    hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Compiler and liburing of this machine. */
export async function hashToolchain(hash: Hash): Promise<void> {
  const gcc = await execa('gcc', ['--version'], { reject: false });
  hash.update(gcc.stdout ?? '');
  hash.update(await readFile('/usr/lib/x86_64-linux-gnu/liburing.a').catch(() => ''));
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

/**
 * The files that an author's programs are compiled from, headers in other directories too. The compiler
 * is asked, because a program that is out of date would give a wrong verdict.
 */
async function dependencies(place: Place, signal?: AbortSignal): Promise<string[]> {
  const sources = [...new Set(place.description.programs.flatMap((one) => one.source))];
  const result = await execa('gcc', ['-MM', '-std=gnu11', '-I', path.join(testsRoot, 'lib'), ...sources], {
    cwd: place.directory,
    reject: false,
    all: true,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.failed) throw compilerError(place, result.all ?? String(result.cause), result.cause);
  return rulePrerequisites(result.stdout).map((file) => path.resolve(place.directory, file));
}

/** The prerequisites in a Makefile as `gcc -MM` writes it: lines continued with `\`, spaces in names as `\ `. */
export function rulePrerequisites(makefile: string): string[] {
  const words = makefile
    .replaceAll(/\\\r?\n/g, ' ')
    .split('\n')
    .flatMap((rule) => rule.replace(/^[^:]*:/, '').match(/(?:\\.|[^\s\\])+/g) ?? []);
  return [...new Set(words.map((word) => word.replaceAll(/\\(.)/g, '$1').replaceAll('$$', '$')))].toSorted();
}
