import { constants } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

export interface Build {
  readonly sourceDir: string;
  /** make's O= directory. */
  readonly buildDir: string;
}

/**
 * The files that an object was compiled from, out of kbuild's record of it (`source_OBJECT :=` and `deps_OBJECT :=`,
 * scripts/basic/fixdep.c): absolute, or relative to the build directory.
 */
export function filesOfRecord(record: string, object: string): string[] {
  const lines = record.split('\n');
  const source = lines.find((line) => line.startsWith(`source_${object} := `))?.split(' := ')[1];
  const from = lines.findIndex((line) => line.startsWith(`deps_${object} := `));
  if (source === undefined || from < 0) return [];
  const after = lines.slice(from + 1);
  const end = after.findIndex((line) => line.trim() === '');
  const names = after
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.replace(/\\$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('$('));
  return [source, ...names];
}

/**
 * Copies the sources of objects into one tree, generated headers among them, so that gdb shows what was compiled
 * also when the work tree holds another candidate. Copies and no links: an editor must not reach the originals.
 */
export async function copySources(objects: readonly string[], build: Build, target: string): Promise<void> {
  const files = new Set<string>();
  for (const object of objects) {
    const record = path.join(build.buildDir, path.dirname(object), `.${path.basename(object)}.cmd`);
    for (const file of filesOfRecord(await readFile(record, 'utf8').catch(() => ''), object))
      files.add(path.resolve(build.buildDir, file));
  }
  for (const file of files) {
    const name = nameIn(file, build);
    if (name === undefined) continue;
    const copy = path.join(target, name);
    await mkdir(path.dirname(copy), { recursive: true });
    // Gone since the build, or never there: gdb says so when it is wanted.
    await copyFile(file, copy, constants.COPYFILE_FICLONE).catch(() => {});
  }
}

/** A file's name below the top of the source or of the build; undefined for the compiler's own headers. */
function nameIn(file: string, { sourceDir, buildDir }: Build): string | undefined {
  const top = [sourceDir, buildDir].find((directory) => file.startsWith(`${directory}/`));
  return top === undefined ? undefined : file.slice(top.length + 1);
}
