import path from 'node:path';
import { execa } from 'execa';
import { RingtrialError } from '../common/errors.ts';

export class GitMissingError extends RingtrialError {
  readonly code = 'GIT_MISSING';
}

export interface GitRun {
  /** A directory of our own, outside of any work tree that matters, unless `nested`. */
  readonly cwd: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** `cwd` is somebody's repository, or a directory in one, and that repository is meant. */
  readonly nested?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs git so that neither the host's configuration nor a repository further up can change what it
 * does: below a repository `git apply` silently skips every file outside of the current directory
 * (git-apply(1)), and hooks export GIT_DIR.
 */
export async function runGit(run: GitRun): Promise<GitResult> {
  const result = await execa('git', [...run.args], {
    cwd: run.cwd,
    extendEnv: false,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LC_ALL: 'C',
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      ...(run.nested ? {} : { GIT_CEILING_DIRECTORIES: path.dirname(run.cwd) }),
      // Nothing is fetched and nobody is asked for a password while patches are read.
      GIT_NO_LAZY_FETCH: '1',
      GIT_TERMINAL_PROMPT: '0',
      ...run.env,
    },
    input: run.input ?? '',
    reject: false,
    ...(run.signal === undefined ? {} : { cancelSignal: run.signal }),
  });
  run.signal?.throwIfAborted();
  if (result.code === 'ENOENT') {
    throw new GitMissingError('git is not installed. Patches are applied with it: apt-get install git.', {
      cause: result,
    });
  }
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
}
