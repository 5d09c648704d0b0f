import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { applySeries } from './apply.ts';
import { candidateOf, numbered, text, Workshop } from './fixtures.ts';
import { repositoryOf } from './three-way.ts';

/** A repository whose history has the version that a patch was made for, and a tree that has moved on. */
async function moved(shop: Workshop, now: readonly string[]) {
  const dir = await shop.tree('repo', { 'a.c': text(numbered(30)) });
  const git = async (...args: string[]): Promise<string> =>
    (
      await execa('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
        cwd: dir,
        stripFinalNewline: false,
      })
    ).stdout;
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'start');
  await shop.tree('repo', { 'a.c': text(numbered(30).with(14, 'changed')) });
  const patch = await git('diff', '--full-index');
  await shop.tree('repo', { 'a.c': text(now) });
  await git('commit', '--quiet', '-am', 'move on');
  return { dir, patch, git };
}

// The lines next to the change stand there twice, and the others differ: only a merge can know which place is meant.
const elsewhere = [...numbered(30).with(12, 'other').with(16, 'too'), 'line 14', 'line 15', 'line 16'];

describe('a patch on a git checkout', () => {
  test('is merged with the version that it names', async () => {
    await using shop = await Workshop.open();
    const now = elsewhere;
    const { dir, patch, git } = await moved(shop, now);
    await expect(applySeries(dir, candidateOf(patch))).rejects.toMatchObject({
      code: 'PATCH_DOES_NOT_APPLY',
    });
    const before = await git('status', '--porcelain', '--ignored');
    const objects = await git('count-objects', '-v');
    const applied = await applySeries(dir, candidateOf(patch), { repository: dir });
    expect(applied.fit).toBe('three-way');
    expect(applied.fuzz).toEqual([
      '1.patch: a.c: merged with the version that the patch was made for; git found no conflict',
    ]);
    const result = Buffer.from(applied.changes[0]?.content ?? '').toString();
    expect(result).toBe(text(now.with(14, 'changed')));
    expect(await git('status', '--porcelain', '--ignored')).toBe(before);
    expect(await git('count-objects', '-v')).toBe(objects);
    expect(await readFile(path.join(dir, 'a.c'), 'utf8')).toBe(text(now));
  });

  test('with a conflict does not apply, and no conflict marker gets anywhere', async () => {
    await using shop = await Workshop.open();
    const { dir, patch } = await moved(shop, numbered(30).with(14, 'mine').with(13, 'too').with(15, 'three'));
    await expect(applySeries(dir, candidateOf(patch), { repository: dir })).rejects.toMatchObject({
      code: 'PATCH_DOES_NOT_APPLY',
    });
    expect(await readdir(dir)).toEqual(['.git', 'a.c']);
  });

  test('needs a repository that has the version', async () => {
    await using shop = await Workshop.open();
    const { dir, patch } = await moved(shop, elsewhere);
    const unknown = patch.replace(/^index [0-9a-f]+/m, `index ${'a'.repeat(40)}`);
    await expect(applySeries(dir, candidateOf(unknown), { repository: dir })).rejects.toMatchObject({
      code: 'PATCH_DOES_NOT_APPLY',
    });
  });
});

describe('repositoryOf', () => {
  test('a checkout, DIR@REF, and nothing else', async () => {
    await using shop = await Workshop.open();
    const { dir } = await moved(shop, numbered(30).with(0, 'x'));
    expect(await repositoryOf(dir)).toBe(dir);
    expect(await repositoryOf(`${dir}@v6.1@{1}`)).toBe(dir);
    expect(await repositoryOf(await shop.tree('plain', { a: 'a' }))).toBeUndefined();
    expect(await repositoryOf('debian:6.1')).toBeUndefined();
  });
});
