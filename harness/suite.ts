import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { cacheDir } from '../common/cache.ts';
import { ExitCode, RingtrialError } from '../common/errors.ts';

/** No suite of that name, or a suite.json that is not as it should be. */
export class SuiteError extends RingtrialError {
  readonly code = 'BAD_SUITE';
}

/** The suite's C programs do not compile here: nothing can be said about any kernel. */
export class SuiteBuildError extends RingtrialError {
  readonly code = 'SUITE_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.inconclusive;
}

/** tests/NAME/suite.json: what people write to describe a suite. */
const suiteSchema = z.strictObject({
  title: z.string(),
  description: z.string(),
  programs: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        source: z.string(),
        /** One run's limit in seconds; longer than the kernel's own hung-task time-out. */
        deadlineSeconds: z.number().positive(),
        summary: z.string(),
        invariants: z.array(z.string()),
        distinguishes: z.array(z.string()),
      }),
    )
    .min(1),
});

export type ProgramDescription = z.infer<typeof suiteSchema>['programs'][number];

/** A program of a suite, compiled for the guest. */
export interface Program extends ProgramDescription {
  /** A static executable. */
  readonly path: string;
  readonly sha256: string;
  /** The names of its test points, in order, as its `--list` prints them. */
  readonly points: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly programs: readonly Program[];
}

const testsRoot = fileURLToPath(new URL('../tests', import.meta.url));

/**
 * Reads tests/NAME/suite.json and compiles its programs into the cache, once for each state of the
 * sources and the compiler.
 *
 * @throws SuiteError, SuiteBuildError
 */
export async function loadSuite(name: string, signal?: AbortSignal): Promise<Suite> {
  const description = await describe(name);
  const directory = await compile(name, signal);
  const programs = await Promise.all(
    description.programs.map(async (program): Promise<Program> => {
      const executable = path.join(directory, program.name);
      const list = await execa(executable, ['--list'], {
        timeout: 10_000,
        ...(signal ? { cancelSignal: signal } : {}),
      });
      const sha256 = createHash('sha256')
        .update(await readFile(executable))
        .digest('hex');
      return { ...program, path: executable, sha256, points: list.stdout.split('\n').filter(Boolean) };
    }),
  );
  return { name, title: description.title, programs };
}

/**
 * The same suite with only some of its programs.
 *
 * @throws SuiteError when it has no program of a name
 */
export function onlyPrograms(suite: Suite, names: readonly string[]): Suite {
  const known = suite.programs.map((program) => program.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SuiteError(`Suite "${suite.name}" has no program "${unknown}". It has: ${known.join(', ')}.`);
  }
  return { ...suite, programs: suite.programs.filter((program) => names.includes(program.name)) };
}

/** The names of all suites that come with Ringtrial. */
export async function suiteNames(): Promise<string[]> {
  const entries = await readdir(testsRoot, { withFileTypes: true });
  const files = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => readdir(path.join(testsRoot, entry.name))),
  );
  return entries
    .filter((entry) => entry.isDirectory())
    .filter((_, index) => files[index]?.includes('suite.json'))
    .map((entry) => entry.name)
    .toSorted();
}

async function describe(name: string): Promise<z.infer<typeof suiteSchema>> {
  const known = await suiteNames();
  if (!known.includes(name)) {
    const nearest = known.toSorted((a, b) => distance(a, name) - distance(b, name)).slice(0, 3);
    throw new SuiteError(`There is no suite "${name}". The nearest names: ${nearest.join(', ')}.`);
  }
  const file = path.join(testsRoot, name, 'suite.json');
  const parsed = suiteSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success)
    throw new SuiteError(`${file} is not a suite description:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function compile(name: string, signal?: AbortSignal): Promise<string> {
  const target = path.join(await cacheDir('suites'), `${name}-${await sourceHash(name)}`);
  if (await readdir(target).catch(() => undefined)) return target;
  const partial = await mkdtemp(`${target}.`);
  try {
    await execa('make', ['-s', '-j2', '-C', testsRoot, `OUT=${partial}`, `SUITE=${name}`], {
      all: true,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    await rename(partial, target).catch(async (error: NodeJS.ErrnoException) => {
      // Another process finished the same directory first; its content is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (error) {
    signal?.throwIfAborted();
    const output = (error as { all?: string }).all ?? String(error);
    throw new SuiteBuildError(
      `The programs of suite "${name}" do not compile:\n${output.split('\n').slice(-15).join('\n')}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return target;
}

/** Over the suite's and the library's sources, the Makefile, the compiler and liburing: what the programs are made of. */
async function sourceHash(name: string): Promise<string> {
  const hash = createHash('sha256');
  const gcc = await execa('gcc', ['--version'], { reject: false });
  hash.update(gcc.stdout ?? '');
  hash.update(await readFile('/usr/lib/x86_64-linux-gnu/liburing.a').catch(() => ''));
  hash.update(await readFile(path.join(testsRoot, 'Makefile')));
  for (const directory of ['lib', name]) {
    for (const entry of (await readdir(path.join(testsRoot, directory))).toSorted()) {
      hash.update(`\0${directory}/${entry}\0`).update(await readFile(path.join(testsRoot, directory, entry)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
