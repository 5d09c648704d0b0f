import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheRoot } from '../../../common/cache.ts';
import { DownloadCorruptError, NotAKernelTreeError, UnknownTreeError } from '../errors.ts';
import { scratch, writeSource } from '../testing-tree.ts';
import type { Tree } from '../types.ts';
import { fileDigest } from './download.ts';
import { resolveTree } from './resolve.ts';
import { treeManifest } from './store.ts';

const git = (dir: string, ...args: string[]): string =>
  execFileSync('git', ['-C', dir, '-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], {
    encoding: 'utf8',
  }).trim();

const read = (tree: Tree, file: string): string => readFileSync(path.join(tree.dir, file), 'utf8');

async function makeRepository(dir: string): Promise<void> {
  await mkdir(dir);
  await writeSource(dir);
  git(dir, 'init', '--quiet', '--initial-branch=main');
  git(dir, 'add', '--all');
  git(dir, 'commit', '--quiet', '--message=one');
}

describe('a directory', () => {
  test('becomes a sealed snapshot; an edit makes another that shares what is the same', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await mkdir(dir);
    await writeSource(dir);
    const first = await resolveTree(dir, {});
    expect(first).toMatchObject({
      spec: dir,
      version: '6.1.7',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await resolveTree(dir, {})).toEqual(first);

    appendFileSync(path.join(dir, 'io_uring/rw.c'), 'int more;\n');
    rmSync(path.join(dir, 'io_uring/rsrc.c'));
    const second = await resolveTree(dir, {});
    expect(second.hash).not.toBe(first.hash);
    expect(second.family).toBe(first.family);
    expect(read(first, 'io_uring/rw.c')).toBe('int rw;\n');
    expect(read(second, 'io_uring/rw.c')).toBe('int rw;\nint more;\n');
    expect(existsSync(path.join(second.dir, 'io_uring/rsrc.c'))).toBe(false);
    const inode = (tree: Tree, file: string): number => statSync(path.join(tree.dir, file)).ino;
    expect(inode(second, 'Kconfig')).toBe(inode(first, 'Kconfig'));
    expect(inode(second, 'io_uring/rw.c')).not.toBe(inode(first, 'io_uring/rw.c'));
    expect(inode(first, 'Kconfig')).not.toBe(statSync(path.join(dir, 'Kconfig')).ino);

    appendFileSync(path.join(dir, 'io_uring/rsrc.c'), 'int rsrc;\n');
    writeFileSync(path.join(dir, 'io_uring/rw.c'), 'int rw;\n');
    expect((await resolveTree(dir, {})).id).toBe(first.id);
  });

  test('the manifest says what every file is', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await mkdir(dir);
    await writeSource(dir);
    const tree = await resolveTree(dir, {});
    const manifest = await treeManifest(tree);
    expect(manifest.get('scripts/run.sh')?.kind).toBe('exec');
    expect(manifest.get('include/link')?.kind).toBe('link');
    expect(manifest.get('include/linux/a header.h')).toMatchObject({ kind: 'file', size: 1 });
    expect(statSync(path.join(tree.dir, 'scripts/run.sh')).mode & 0o777).toBe(0o555);
    expect(statSync(path.join(tree.dir, 'Kconfig')).mode & 0o222).toBe(0);
  });

  test('what a build left in it is no part of it', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await mkdir(dir);
    await writeSource(dir);
    writeFileSync(path.join(dir, '.gitignore'), '*.o\n.config\n/include/generated/\n');
    const clean = await resolveTree(dir, {});
    writeFileSync(path.join(dir, 'io_uring/rw.o'), 'object');
    writeFileSync(path.join(dir, '.config'), 'CONFIG_X=y\n');
    expect((await resolveTree(dir, {})).id).toBe(clean.id);
  });

  test('is the same tree as the commit or the tarball with the same files', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await makeRepository(dir);
    const tarball = path.join(area.dir, 'linux-6.1.7.tar.gz');
    git(dir, 'archive', '--prefix=linux-6.1.7/', `--output=${tarball}`, 'HEAD');
    const [fromDir, fromGit, fromTar] = [
      await resolveTree(dir, {}),
      await resolveTree(`${dir}@main`, {}),
      await resolveTree(tarball, {}),
    ];
    expect(new Set([fromDir.hash, fromGit.hash, fromTar.hash]).size).toBe(1);
    expect(fromTar.id).toMatch(/^linux-6\.1\.7-[0-9a-f]{12}$/);
  });

  test('that is no kernel is refused, and leaves nothing behind', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'other');
    await mkdir(dir);
    await expect(resolveTree(dir, {})).rejects.toThrow(NotAKernelTreeError);
    writeFileSync(path.join(dir, 'Makefile'), 'all:\n');
    await expect(resolveTree(dir, {})).rejects.toThrow(/its Makefile gives no kernel version/);
    await writeSource(dir);
    rmSync(path.join(dir, 'init/main.c'));
    await expect(resolveTree(dir, {})).rejects.toThrow(/init\/main\.c is missing/);
  });
});

describe('DIR@REF', () => {
  test('is keyed by the commit; the next commit is made from the one before', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux@home');
    await makeRepository(dir);
    const first = await resolveTree(`${dir}@main`, {});
    writeFileSync(path.join(dir, 'io_uring/rw.c'), 'int other;\n');
    rmSync(path.join(dir, 'io_uring/rsrc.c'));
    writeFileSync(path.join(dir, 'scripts/new.sh'), '#!/bin/sh\n', { mode: 0o755 });
    git(dir, 'add', '--all');
    git(dir, 'commit', '--quiet', '--message=two');
    writeFileSync(path.join(dir, 'io_uring/rw.c'), 'int not_committed;\n');

    const second = await resolveTree(`${dir}@HEAD`, {});
    expect(read(second, 'io_uring/rw.c')).toBe('int other;\n');
    expect(existsSync(path.join(second.dir, 'io_uring/rsrc.c'))).toBe(false);
    expect((await treeManifest(second)).get('scripts/new.sh')?.kind).toBe('exec');
    expect(statSync(path.join(second.dir, 'Kconfig')).ino).toBe(
      statSync(path.join(first.dir, 'Kconfig')).ino,
    );
    expect(await resolveTree(`${dir}@main~1`, {})).toEqual({ ...first, spec: `${dir}@main~1` });

    // Made from a link or from the archive, it is the same tree.
    rmSync(path.join(area.dir, 'cache'), { recursive: true });
    expect((await resolveTree(`${dir}@HEAD`, {})).hash).toBe(second.hash);
  });

  test('an unknown commit, or no repository', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await makeRepository(dir);
    await expect(resolveTree(`${dir}@v9.9`, {})).rejects.toThrow(/has no commit 'v9.9'/);
    await expect(resolveTree(`${dir}@--upload-pack=x`, {})).rejects.toThrow(UnknownTreeError);
    await expect(resolveTree(`${area.dir}@main`, {})).rejects.toThrow(/is no git repository/);
  });
});

describe('a tarball', () => {
  test('is checked against a digest that was given, or that lies beside it', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await makeRepository(dir);
    const tarball = path.join(area.dir, 'x.tar');
    git(dir, 'archive', `--output=${tarball}`, 'HEAD');
    const digest = await fileDigest(tarball);
    await expect(resolveTree(`${tarball}#sha256=${'0'.repeat(64)}`, {})).rejects.toThrow(
      DownloadCorruptError,
    );
    writeFileSync(`${tarball}.sha256`, `${'0'.repeat(64)}  x.tar\n`);
    await expect(resolveTree(tarball, {})).rejects.toThrow(DownloadCorruptError);
    const tree = await resolveTree(`${tarball}#sha256=${digest}`, {});
    expect(tree.id).toBe(`x-${digest.slice(0, 12)}`);
    await expect(resolveTree(`${tarball}#md5=1`, {})).rejects.toThrow(UnknownTreeError);
  });

  test('that is cut off, or no kernel, leaves nothing behind', async () => {
    await using area = await scratch();
    const dir = path.join(area.dir, 'linux');
    await makeRepository(dir);
    const tarball = path.join(area.dir, 'x.tar.gz');
    git(dir, 'archive', `--output=${tarball}`, 'HEAD');
    writeFileSync(tarball, readFileSync(tarball).subarray(0, 200));
    await expect(resolveTree(tarball, {})).rejects.toThrow(/cannot be unpacked/);
    const left = (await readdir(path.join(area.dir, 'cache/ringtrial/trees'))).filter(
      (name) => !name.endsWith('.lock'),
    );
    expect(left).toEqual([]);
  });
});

test.each(['nothing-here', 'debian:', 'debian:trixie', '/no/such/dir@main', 'debian:6.1; rm -rf /'])(
  '%s is no tree',
  async (spec) => {
    await using area = await scratch();
    expect(cacheRoot().startsWith(area.dir)).toBe(true);
    await expect(resolveTree(spec, {})).rejects.toThrow(UnknownTreeError);
  },
);
