import { copyFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import { runGit } from '../git.ts';
import type { Reading, Stack } from './input.ts';
import { type MailRef, messagesIn } from './mbox.ts';

/** A git repository, range or work tree that gives no patches. */
export class GitSourceError extends RingtrialError {
  readonly code = 'GIT_SOURCE';
}

export interface Range {
  readonly dir: string;
  readonly from: string;
  readonly to: string;
}

/** More commits than this are not a patch on trial. */
const mostCommits = 500;

/**
 * Reads `DIR@A..B`; an empty B is HEAD. Both DIR and a ref may hold an `@`: the first split that leaves a
 * directory counts. Undefined when no directory is named.
 *
 * @throws GitSourceError when the directory is followed by anything but a range.
 */
export async function splitRange(source: string): Promise<Range | undefined> {
  for (let at = source.indexOf('@'); at >= 0; at = source.indexOf('@', at + 1)) {
    const dir = source.slice(0, at);
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) continue;
    const refs = source.slice(at + 1);
    const match = /^(.+?)\.\.(?!\.)(.*)$/.exec(refs);
    if (match) return { dir: path.resolve(dir), from: match[1] ?? '', to: match[2] || 'HEAD' };
    throw new GitSourceError(
      `"${refs}" is no range of commits. Write ${dir}@A..B for the commits after A up to B, e.g. ${dir}@${refs || 'HEAD'}~1..${refs || 'HEAD'} for one.`,
    );
  }
  return undefined;
}

/** Repository settings must not change what a patch looks like; others' repositories are only read. */
const plain = [
  ...['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=true'],
  ...['-c', 'diff.noprefix=false', '-c', 'diff.mnemonicPrefix=false', '-c', 'diff.orderFile=/dev/null'],
];

const plainDiff = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--full-index',
  '--no-color',
  '--submodule=short',
];

const git = (dir: string, args: readonly string[], signal: AbortSignal | undefined) =>
  runGit({ cwd: dir, args: [...plain, ...args], signal, nested: true });

async function commitOf(dir: string, ref: string, signal: AbortSignal | undefined): Promise<string> {
  const { exitCode, stdout, stderr } = await git(
    dir,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    signal,
  );
  if (exitCode === 0) return stdout.trim();
  if (/not a git repository/.test(stderr)) throw new GitSourceError(`${dir} is no git repository.`);
  throw new GitSourceError(`The repository ${dir} has no commit "${ref}".`);
}

/** The commits of a range as patches, oldest first. Merges are left out and named. @throws GitSourceError */
export async function gitRange({ dir, from, to }: Range, { spool, signal }: Reading): Promise<Stack> {
  const [base, tip] = [await commitOf(dir, from, signal), await commitOf(dir, to, signal)];
  const listed = await git(dir, ['rev-list', '--parents', `${base}..${tip}`], signal);
  const commits = listed.stdout.split('\n').filter((line) => line !== '');
  const merges = commits.filter((line) => line.split(' ').length > 2).length;
  const range = `${from}..${to}`;
  if (commits.length === merges) {
    throw new GitSourceError(
      `${range} of ${dir} has no commit that could be a patch. Is it ${to}..${from} that was meant?`,
    );
  }
  if (commits.length - merges > mostCommits) {
    throw new GitSourceError(
      `${range} of ${dir} has ${commits.length} commits; more than ${mostCommits} are not read.`,
    );
  }
  const file = spool.newFile();
  const args = [
    'format-patch',
    `--output=${file}`,
    '--no-attach',
    '--no-cover-letter',
    '--no-thread',
    '--no-signature',
  ];
  const made = await git(dir, [...args, '--no-stat', '--no-notes', ...plainDiff, `${base}..${tip}`], signal);
  if (made.exitCode !== 0)
    throw new GitSourceError(`git format-patch failed in ${dir}: ${made.stderr.trim()}`);
  const patches: MailRef[] = [];
  for await (const ref of messagesIn(file, range)) patches.push(ref);
  const name = path.basename(dir);
  return {
    kind: 'stack',
    name: `${name}-${to === 'HEAD' ? tip.slice(0, 12) : to.replaceAll(/[^A-Za-z0-9]+/g, '-')}`,
    ...(patches.length === 1 ? {} : { title: `${patches.length} commits of ${name}, ${range}` }),
    origin: `commits ${base.slice(0, 12)}..${tip.slice(0, 12)} of ${name}`,
    patches,
    tree: `${dir}@${base}`,
    baseCommit: base,
    notes:
      merges === 0
        ? []
        : [
            merges === 1
              ? `a merge in ${range} cannot be a patch and was left out`
              : `${merges} merges in ${range} cannot be patches and were left out`,
          ],
  };
}

/**
 * What a work tree has that its last commit has not, staged or not, as one patch.
 *
 * @param options.untracked take new files too that git was not told of (but not those it ignores)
 * @throws GitSourceError when nothing was changed.
 */
export async function workTree(
  given: string,
  { spool, signal }: Reading,
  options: { readonly untracked: boolean },
): Promise<Stack> {
  const dir = path.resolve(given);
  const head = await commitOf(dir, 'HEAD', signal);
  const top = (await git(dir, ['rev-parse', '--show-toplevel'], signal)).stdout.trim();
  const others = await git(top, ['ls-files', '--others', '--exclude-standard'], signal);
  const untracked = others.stdout.split('\n').filter((line) => line !== '');
  const index =
    options.untracked && untracked.length > 0 ? await indexWithAll(top, { spool, signal }) : undefined;
  const file = spool.newFile();
  const diff = ['diff', ...plainDiff, `--output=${file}.diff`, 'HEAD'];
  const made = await runGit({
    cwd: top,
    args: [...plain, ...diff],
    signal,
    nested: true,
    ...(index === undefined ? {} : { env: { GIT_INDEX_FILE: index } }),
  });
  if (made.exitCode !== 0) throw new GitSourceError(`git diff failed in ${dir}: ${made.stderr.trim()}`);
  const { size } = await stat(`${file}.diff`);
  const left = untracked.length > 0 && !options.untracked ? newFilesNote(untracked) : undefined;
  if (size === 0)
    throw new GitSourceError(`${dir} has no change that is not committed.${left ? ` ${left}.` : ''}`);
  const name = path.basename(top);
  const title = `Uncommitted changes in ${name} on ${head.slice(0, 12)}`;
  return {
    kind: 'stack',
    name: `${name}-worktree`,
    title,
    origin: `the work tree ${name} on ${head.slice(0, 12)}`,
    patches: [{ where: `the work tree ${name}`, file: `${file}.diff`, start: 0, end: size }],
    tree: `${top}@${head}`,
    baseCommit: head,
    notes: left === undefined ? [] : [left],
  };
}

function newFilesNote(untracked: readonly string[]): string {
  const some = untracked.slice(0, 3).join(', ');
  const rest = untracked.length > 3 ? ` and ${untracked.length - 3} more` : '';
  return `new files that git does not track were left out: ${some}${rest} (--untracked takes them)`;
}

/** A copy of the index that knows the new files too; the repository's own stays as it is. */
async function indexWithAll(top: string, { spool, signal }: Reading): Promise<string> {
  const index = spool.newFile();
  const own = (
    await git(top, ['rev-parse', '--path-format=absolute', '--git-path', 'index'], signal)
  ).stdout.trim();
  await copyFile(own, index).catch(() => writeFile(index, ''));
  const env = { GIT_INDEX_FILE: index };
  const args = [...plain, 'add', '--intent-to-add', '--', '.'];
  const { exitCode, stderr } = await runGit({ cwd: top, args, signal, nested: true, env });
  if (exitCode !== 0) throw new GitSourceError(`The new files of ${top} cannot be listed: ${stderr.trim()}`);
  return index;
}
