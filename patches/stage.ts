import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Snapshot } from './origins.ts';
import { UnsafePatchError } from './safety.ts';
import type { TreeFile } from './tree.ts';

/** A temporary directory with just the files that a series touches. Removed by `await using`. */
export class Stage implements AsyncDisposable {
  readonly dir: string;
  readonly #home: string;
  readonly #paths: ReadonlySet<string>;

  private constructor(home: string, paths: ReadonlySet<string>) {
    this.#home = home;
    this.dir = path.join(home, 'files');
    this.#paths = paths;
  }

  /** Lays out `files`; nothing but `paths` may ever appear beside them. */
  static async create(paths: ReadonlySet<string>, files: ReadonlyMap<string, TreeFile>): Promise<Stage> {
    const home = await realpath(await mkdtemp(path.join(tmpdir(), 'ringtrial-apply-')));
    const stage = new Stage(home, paths);
    await mkdir(stage.dir);
    await stage.#lay(files);
    return stage;
  }

  /** A path beside the files, for what must not be among them. */
  beside(name: string): string {
    return path.join(this.#home, name);
  }

  /** Takes back whatever became of the files since `files` were there. */
  async reset(files: Snapshot): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
    await mkdir(this.dir);
    await this.#lay(files);
  }

  async #lay(files: Snapshot): Promise<void> {
    for (const [name, { content, executable }] of files) {
      const target = path.join(this.dir, name);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
      await chmod(target, executable ? 0o755 : 0o644);
    }
  }

  /**
   * What is there now.
   *
   * @throws UnsafePatchError when git made anything but the regular files that the patches name.
   */
  async snapshot(): Promise<Snapshot> {
    const files = new Map<string, TreeFile>();
    for (const entry of await readdir(this.dir, { recursive: true })) {
      const full = path.join(this.dir, entry);
      const info = await lstat(full);
      if (info.isDirectory()) continue;
      if (!info.isFile() || !this.#paths.has(entry)) {
        throw new UnsafePatchError(
          `The series is refused: it makes ${entry}, which it does not name as a file.`,
        );
      }
      files.set(entry, { content: await readFile(full), executable: (info.mode & 0o100) !== 0 });
    }
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}
