import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runGit } from './git.ts';
import type { Snapshot } from './origins.ts';
import type { ParsedPatch } from './parse.ts';
import type { Stage } from './stage.ts';

/**
 * The repository that a tree comes from, as `--tree` takes it: the directory itself, or DIR of `DIR@REF`, when
 * git knows it. Undefined for packages, tarballs and plain directories.
 */
export async function repositoryOf(tree: string): Promise<string | undefined> {
  for (let at = tree.length; at > 0; at = tree.lastIndexOf('@', at - 1)) {
    const dir = tree.slice(0, at);
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) continue;
    return (await objectsOf(path.resolve(dir))) === undefined ? undefined : path.resolve(dir);
  }
  return undefined;
}

async function objectsOf(dir: string, signal?: AbortSignal): Promise<string | undefined> {
  const args = ['-c', 'safe.directory=*', 'rev-parse', '--path-format=absolute', '--git-path', 'objects'];
  const { exitCode, stdout } = await runGit({ cwd: dir, args, signal, nested: true });
  return exitCode === 0 ? stdout.trim() : undefined;
}

export interface Merge {
  readonly stage: Stage;
  readonly before: Snapshot;
  readonly parsed: ParsedPatch;
  /** A directory of the repository whose objects the patch names in its `index` lines. */
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies a patch by merging: git takes the version of each file that the patch was made for out of the repository, and
 * carries the change over to the file as it is (`git apply --3way`). It works in the stage with a repository of
 * its own, which only borrows objects; nothing is written to the other one.
 *
 * @returns the files that were merged, or undefined when that left conflicts or the versions are not known;
 * the stage is then as it was.
 */
export async function mergeThreeWay(merge: Merge): Promise<string[] | undefined> {
  const { stage, before, parsed, signal } = merge;
  const objects = await objectsOf(merge.repository, signal);
  if (objects === undefined || !/^index [0-9a-f]{7,}\.\./m.test(Buffer.from(parsed.diff).toString('latin1')))
    return undefined;
  const git = async (...args: string[]) =>
    runGit({
      cwd: stage.dir,
      args: [
        '-c',
        'safe.directory=*',
        '-c',
        'core.autocrlf=false',
        '-c',
        'core.attributesFile=/dev/null',
        ...args,
      ],
      input: parsed.diff,
      signal,
      env: { GIT_DIR: stage.beside('merge'), GIT_WORK_TREE: stage.dir },
    });
  await git('init', '--quiet');
  await mkdir(path.join(stage.beside('merge'), 'objects', 'info'), { recursive: true });
  await writeFile(path.join(stage.beside('merge'), 'objects', 'info', 'alternates'), `${objects}\n`);
  await git('read-tree', '--empty');
  await git('add', '--all', '--force', '--', '.');
  const result = await git('apply', '--3way', '--whitespace=nowarn', `-p${parsed.strip}`, '-');
  if (result.exitCode === 0)
    return [...result.stderr.matchAll(/^Applied patch to '(.*)' cleanly\.$/gm)].map(([, file]) => file ?? '');
  await stage.reset(before);
  return undefined;
}
