import path from 'node:path';
import type { KernelEvent } from '../../vm/kernel/index.ts';
import { loadPolicy } from '../policy-load.ts';
import { askProgram } from './ask.ts';
import { compileSuite } from './compile.ts';
import { SuiteError } from './errors.ts';
import { loadExternal } from './external.ts';
import { findSuite, type SuitePlace } from './locate.ts';
import { type Program, type Suite, sha256Of } from './program.ts';
import type { ProgramDescription, SuiteDescription } from './schema.ts';

export interface LoadOptions {
  /** The version of the kernel that it is for (`make kernelversion`): external suites come in several. */
  readonly kernel?: string | undefined;
  /** Downloads of external suites. */
  readonly onEvent?: ((event: KernelEvent) => void) | undefined;
}

/**
 * Finds a suite and compiles its programs into the cache, once for each state of what they are made of.
 *
 * @param wanted a shipped suite's name, `liburing:fixed`, or a directory with a suite.json
 * @throws SuiteError, SuiteBuildError; NoNetworkError when an external suite cannot be fetched
 */
export async function loadSuite(
  wanted: string,
  signal?: AbortSignal,
  options: LoadOptions = {},
): Promise<Suite> {
  const found = await findSuite(wanted);
  const policy = await loadPolicy(found.directory);
  if (found.kind === 'external') return { ...(await loadExternal(found, { ...options, signal })), policy };
  const directory = await compileSuite(found, signal);
  const programs = await Promise.all(
    found.description.programs.map((program) => compiled(program, { place: found, directory, signal })),
  );
  // A verdict names it, and what a verdict names can be loaded again.
  const name = found.shipped ? found.name : found.directory;
  const { title, prepare } = found.description;
  return { name, title, programs, prepare, policy };
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

interface Where {
  readonly place: SuitePlace<SuiteDescription>;
  /** Of the executables. */
  readonly directory: string;
  readonly signal: AbortSignal | undefined;
}

async function compiled(program: ProgramDescription, where: Where): Promise<Program> {
  const executable = path.join(where.directory, program.name);
  return {
    ...program,
    path: executable,
    sha256: await sha256Of(executable),
    points: await pointsOf(program, executable, where),
  };
}

async function pointsOf(program: ProgramDescription, executable: string, where: Where): Promise<string[]> {
  if (program.protocol === 'exit-code') return [program.name];
  if (program.points !== undefined) return program.points;
  const list = await askProgram(executable, '--list', { trusted: where.place.shipped, signal: where.signal });
  const names = (list ?? '').split('\n').filter(Boolean);
  if (names.length > 0 && names.every((name) => /^[\w.-]+$/.test(name))) return names;
  throw new SuiteError(
    `Program "${program.name}" of ${where.place.directory}/suite.json does not print the names of its test points with --list. ` +
      'Name them there as "points", or say "protocol": "exit-code" if its exit code is its only result.',
  );
}
