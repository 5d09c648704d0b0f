import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Area, capture } from '../../vm/kernel/index.ts';

/** Where objects are compiled once more with line information, beside their build. */
export interface DebugBuild {
  /** make's O= directory, whose sources stand as the kernel in question was built. */
  readonly buildDir: string;
  readonly sideDir: string;
  /** What the commands that the build recorded, which a patch had a say in, have of this machine. */
  readonly area: Area;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compiles one object of a build again, with `-g` and by the same command otherwise, into the side
 * directory. The build itself is not touched.
 *
 * @param object relative to the build directory: `io_uring/rw.o`
 * @returns the new object's path, or why there is none
 */
export async function debugObject(
  object: string,
  { buildDir, sideDir, area, signal }: DebugBuild,
): Promise<{ readonly file: string } | { readonly problem: string }> {
  const file = path.join(sideDir, object);
  const command =
    (await ownCommand(object, buildDir, file)) ?? (await siblingCommand(object, buildDir, file));
  if (command === undefined) return { problem: `${buildDir} does not say how ${object} is compiled.` };
  const { exitCode, stderr } = await capture(compiling(command, file), { cwd: buildDir, area, signal });
  return exitCode === 0 ? { file } : { problem: `${object} does not compile again: ${firstError(stderr)}` };
}

/** Runs a command that makes a file: its directory must be made by whom the command runs as. */
export const compiling = (command: string, file: string): string[] => [
  ...['sh', '-c', `mkdir -p "$1" && ${command}`],
  ...['compiling', path.dirname(file)],
];

const recordOf = (object: string): string => path.join(path.dirname(object), `.${path.basename(object)}.cmd`);

async function ownCommand(object: string, buildDir: string, output: string): Promise<string | undefined> {
  const record = await readFile(path.join(buildDir, recordOf(object)), 'utf8').catch(() => '');
  return debugCommand(record, object, output);
}

/**
 * How another object of the same directory was compiled. A build that failed takes objects with it, and the commands of
 * one directory hardly differ; whether the result is the kernel's code is checked anyway.
 */
async function siblingCommand(object: string, buildDir: string, output: string): Promise<string | undefined> {
  const directory = path.dirname(object);
  const names = await readdir(path.join(buildDir, directory)).catch(() => []);
  for (const name of names.filter((one) => /^\..+\.o\.cmd$/.test(one)).toSorted()) {
    const sibling = path.join(directory, name.slice(1, -'.cmd'.length));
    const source = sibling.replace(/o$/, 'c');
    const command = await ownCommand(sibling, buildDir, output);
    if (command?.endsWith(source) === true)
      return `${command.slice(0, -source.length)}${object.replace(/o$/, 'c')}`;
  }
  return undefined;
}

const firstError = (stderr: string): string =>
  stderr.split('\n').find((line) => /error/i.test(line)) ?? stderr.trim().split('\n')[0] ?? '';

/**
 * The compiler's command out of kbuild's record (`cmd_OBJECT := …`, since 6.3 `savedcmd_…`; scripts/Kbuild.include), with
 * another output, no dependency file and `-g`. What follows it (objtool) adds nothing that line information needs.
 */
export function debugCommand(record: string, object: string, output: string): string | undefined {
  const prefix = [`savedcmd_${object} := `, `cmd_${object} := `];
  const line = record.split('\n').find((one) => prefix.some((start) => one.startsWith(start)));
  const command = line
    ?.slice(line.indexOf(':= ') + 3)
    .split(' ; ')[0]
    ?.trim();
  if (command === undefined || !/ -c(?: |$)/.test(command) || !command.includes(` -o ${object} `))
    return undefined;
  return command
    .replace(/^ccache /, '')
    .replace(/ -Wp,-MM?D,\S+/, '')
    .replace(` -o ${object} `, ` -g -o '${output.replaceAll("'", `'\\''`)}' `);
}
