import { constants, cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** Copies a directory; blocks are shared where the file system can, and links stay as they are. */
export function copyTree(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(from, to, {
    ...{ recursive: true, verbatimSymlinks: true, preserveTimestamps: true },
    mode: constants.COPYFILE_FICLONE,
  });
}
