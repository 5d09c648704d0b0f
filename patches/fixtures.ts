import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { base, type Candidate } from './candidate.ts';

/** What unit tests work on: a directory that goes away with the test, trees in it, and git to make real patches. */
export class Workshop implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await mkdtemp(path.join(tmpdir(), 'ringtrial-test-')));
  }

  /** Writes files (path to text) below a new directory and returns it. */
  async tree(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const dir = path.join(this.dir, name);
    await mkdir(dir, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), text);
    }
    return dir;
  }

  /** Commits one state after the other and returns what `git format-patch` makes of the steps between. */
  async formatPatch(states: readonly Readonly<Record<string, string | null>>[]): Promise<string[]> {
    const dir = await mkdtemp(path.join(this.dir, 'repository-'));
    const git = async (...args: string[]): Promise<string> =>
      (await execa('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], { cwd: dir }))
        .stdout;
    await git('init', '--quiet');
    for (const [i, state] of states.entries()) {
      for (const [file, text] of Object.entries(state)) {
        await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
        if (text === null) await rm(path.join(dir, file));
        else await writeFile(path.join(dir, file), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '-m', `step ${i}\n\nWhy step ${i}.`);
    }
    if (states.length < 2) return [];
    const names = (await git('format-patch', `-${states.length - 1}`)).split('\n');
    return Promise.all(names.map((name) => readFile(path.join(dir, name), 'utf8')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A candidate of these patch texts, named `1.patch`, `2.patch`, ... */
export function candidateOf(...texts: readonly (string | Uint8Array)[]): Candidate {
  const patches = texts.map((text, i) => ({
    name: `${i + 1}.patch`,
    path: `/nowhere/${i + 1}.patch`,
    bytes: Buffer.from(text),
  }));
  return { ...base, name: 'test', title: 'a test', origin: 'a test', patches };
}

/** `count` different lines. */
export const numbered = (count: number, word = 'line'): string[] =>
  Array.from({ length: count }, (_, i) => `${word} ${i + 1}`);

export const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
