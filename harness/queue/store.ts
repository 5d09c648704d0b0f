import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { copyTree } from '../../common/copy-tree.ts';
import { replaceFile } from '../../common/replace-file.ts';
import { capture } from '../../vm/kernel/index.ts';

/**
 * What machines hand to one another: a directory that all of them see, each thing in it under a name that
 * says what it is, whole or not there at all. Nothing in it is ever changed.
 */
export class ArtefactStore {
  readonly root: string;

  constructor(root: string) {
    this.root = path.resolve(root);
    mkdirSync(this.root, { recursive: true });
  }

  at = (...parts: string[]): string => path.join(this.root, ...parts);

  has = (name: string): boolean => existsSync(this.at(name));

  /** Puts a directory under a name. Whoever was first stays: two machines that do the same may both be right. */
  async put(name: string, from: string): Promise<void> {
    if (this.has(name)) return;
    const target = this.at(name);
    mkdirSync(path.dirname(target), { recursive: true });
    const partial = `${target}.${randomUUID()}.partial`;
    try {
      copyTree(from, partial);
      replaceFile(path.join(partial, sumsFile), JSON.stringify(sumsOf(partial)));
      await capture(['sync', '--file-system', partial], {});
      renameSync(partial, target);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      // ENOTEMPTY: another machine was faster (rename(2)).
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /**
   * Copies what has a name into a directory, which must not exist.
   *
   * @returns false when there is no such thing, or a file of it is not as it was put there
   */
  get(name: string, into: string): boolean {
    if (!this.has(name)) return false;
    copyTree(this.at(name), into);
    const whole = JSON.stringify(sumsOf(into)) === readFileSync(path.join(into, sumsFile), 'utf8');
    rmSync(path.join(into, sumsFile));
    if (!whole) rmSync(into, { recursive: true, force: true });
    return whole;
  }

  /** Writes a small file unless there is one. @returns whether this call was the one that wrote it */
  writeOnce(name: string, text: string): boolean {
    const target = this.at(name);
    mkdirSync(path.dirname(target), { recursive: true });
    const partial = `${target}.${randomUUID()}.partial`;
    replaceFile(partial, text);
    try {
      // link(2) never replaces, on any file system that machines share.
      linkSync(partial, target);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(partial, { force: true });
    }
  }

  read(name: string): string | undefined {
    return this.has(name) ? readFileSync(this.at(name), 'utf8') : undefined;
  }

  remove(name: string): void {
    rmSync(this.at(name), { recursive: true, force: true });
  }
}

/** In every directory that is put into a store. */
const sumsFile = '.ringtrial-sums.json';

/** SHA-256 (hex) of every regular file below a directory, sorted by path. */
function sumsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(
    files
      .filter((file) => file !== sumsFile && lstatSync(path.join(directory, file)).isFile())
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(path.join(directory, file)))
          .digest('hex'),
      ]),
  );
}
