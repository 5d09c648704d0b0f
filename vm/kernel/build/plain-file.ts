import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * The first of these files of a directory that is no plain file there, by itself or by way of a directory above it. A
 * build that a patch has a say in may leave a symbolic link, which would have us read or write elsewhere, or
 * a pipe that never ends.
 *
 * @param names relative to the directory; one that is missing is no plain file either
 */
export async function notPlain(directory: string, names: readonly string[]): Promise<string | null> {
  const top = await realpath(directory);
  for (const name of names) {
    const file = path.join(top, name);
    const plain = await Promise.all([lstat(file), realpath(file)]).then(
      ([stats, real]) => stats.isFile() && real === file,
      () => false,
    );
    if (!plain) return name;
  }
  return null;
}
