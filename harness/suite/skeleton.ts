import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SuiteError } from './errors.ts';
import { checked, parseJson } from './json.ts';
import { testsRoot } from './locate.ts';
import { suiteSchema } from './schema.ts';

/** What was written, absolute. */
export interface NewTest {
  readonly source: string;
  readonly suite: string;
  /** The suite.json is new; else the program was entered into the one that was there. */
  readonly suiteIsNew: boolean;
}

/**
 * Writes a program that uses the library, compiles and passes, for its author to change; and a suite.json
 * with it, or its entry in the one that is there. Overwrites nothing.
 *
 * @throws SuiteError when the name is none, or is taken
 */
export async function newTest(name: string, directory: string): Promise<NewTest> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new SuiteError(
      `"${name}" is no name for a test: lower-case letters, digits and -, a letter first.`,
    );
  }
  const source = path.join(path.resolve(directory), `${name}.c`);
  const suite = path.join(path.resolve(directory), 'suite.json');
  const before = await readFile(suite, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SuiteError(`${suite} cannot be read: ${error.message}`, { cause: error });
  });
  const after =
    before === undefined ? newSuite(name, path.dirname(source)) : extended(before, { suite, name });
  if (await exists(source)) throw new SuiteError(`${source} exists; nothing was written.`);
  await mkdir(path.dirname(source), { recursive: true });
  const skeleton = await readFile(path.join(testsRoot, 'skeleton', 'skeleton.c'), 'utf8');
  await writeFile(source, skeleton.replaceAll('@NAME@', name), { flag: 'wx' });
  await replace(suite, after);
  return { source, suite, suiteIsNew: before === undefined };
}

const entry = (name: string) => ({
  name,
  source: `${name}.c`,
  deadlineSeconds: 40,
  summary: 'a fixed read while its buffer is unregistered',
  invariants: [
    'The read completes exactly once: with all its bytes, or with EFAULT and none.',
    'Unregister returns in bounded time, and the ring stays usable.',
  ],
  distinguishes: ['Unregister that waits for its users (unregister_waited=yes) from one that does not (no).'],
  operations: ['READ_FIXED', 'UNREGISTER_BUFFERS'],
  kernels: '>=5.11',
});

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const newSuite = (name: string, directory: string): string =>
  json({
    title: path.basename(directory),
    description: 'What these programs have in common.',
    programs: [entry(name)],
  });

function extended(text: string, { suite, name }: { readonly suite: string; readonly name: string }): string {
  const before = parseJson(text, suite);
  const { programs } = checked(suiteSchema, before, suite);
  if (programs.some((program) => program.name === name))
    throw new SuiteError(`${suite} has a program "${name}" already; nothing was written.`);
  // What people wrote stays as they wrote it, without the defaults that reading adds.
  const written = before as { readonly programs: readonly unknown[] };
  return json({ ...written, programs: [...written.programs, entry(name)] });
}

/** Whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
  const partial = `${file}.${process.pid}.new`;
  try {
    await writeFile(partial, text);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
