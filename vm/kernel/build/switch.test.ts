import {
  appendFileSync,
  chmodSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheDir } from '../../../common/cache.ts';
import { TreeDamagedError, UnsafePathError } from '../errors.ts';
import { scratch, writeSource } from '../testing-tree.ts';
import { resolveTree } from '../tree/resolve.ts';
import type { BuildRequest, SourceChange, Tree } from '../types.ts';
import { readState, writeState } from './state.ts';
import { checkPath } from './switch.ts';
import { WorkTree } from './worktree.ts';

const change = (file: string, text: string | null, executable = false): SourceChange => ({
  path: file,
  content: text === null ? null : Buffer.from(text),
  executable,
});

const request = (tree: Tree, ...changes: SourceChange[]): BuildRequest => ({
  tree,
  changes,
  label: 'test',
  profile: 'lockdep',
});

async function area(): Promise<{ dir: string; source: string; tree: Tree } & AsyncDisposable> {
  const base = await scratch();
  const source = path.join(base.dir, 'linux');
  await mkdir(source);
  await writeSource(source);
  const old = new Date('2020-01-01');
  for (const file of ['io_uring/rw.c', 'io_uring/rsrc.c', 'scripts/run.sh'])
    await utimes(path.join(source, file), old, old);
  return {
    ...base,
    source,
    tree: await resolveTree(source, {}),
    [Symbol.asyncDispose]: base[Symbol.asyncDispose],
  };
}

/** Switches, and says which files were written and what the work tree then holds. */
async function switchTo(
  wanted: BuildRequest,
): Promise<{ written: string[]; read: (file: string) => string; mtime: (file: string) => number }> {
  await using work = await WorkTree.open(wanted, {});
  const written = await work.switch();
  const at = (file: string): string => path.join(work.sourceDir, file);
  return {
    written,
    read: (file) => readFileSync(at(file), 'utf8'),
    mtime: (file) => statSync(at(file)).mtimeMs,
  };
}

const workDir = (tree: Tree): Promise<string> => cacheDir('work', `${tree.family}-lockdep`);

describe('switching a work tree', () => {
  test('writes only what differs, and never into the pristine source', async () => {
    await using it = await area();
    const { tree } = it;
    const candidate = await switchTo(
      request(
        tree,
        change('io_uring/rw.c', 'int patched;\n'),
        change('io_uring/rsrc.c', null),
        change('io_uring/new/file.c', 'new\n'),
      ),
    );
    expect(candidate.written).toEqual(['io_uring/new/file.c', 'io_uring/rsrc.c', 'io_uring/rw.c']);
    expect(candidate.read('io_uring/rw.c')).toBe('int patched;\n');
    expect(readFileSync(path.join(tree.dir, 'io_uring/rw.c'), 'utf8')).toBe('int rw;\n');

    const other = await switchTo(
      request(
        tree,
        change('io_uring/rw.c', 'int patched;\n'),
        change('scripts/run.sh', '#!/bin/sh\n', false),
      ),
    );
    expect(other.written).toEqual(['io_uring/new/file.c', 'io_uring/rsrc.c', 'scripts/run.sh']);

    const before = Date.now() - 1000;
    const base = await switchTo(request(tree));
    expect(base.written).toEqual(['io_uring/rw.c', 'scripts/run.sh']);
    expect(base.read('io_uring/rw.c')).toBe('int rw;\n');
    expect(base.read('io_uring/rsrc.c')).toBe('int rsrc;\n');
    expect(() => base.read('io_uring/new/file.c')).toThrow(/ENOENT/);
    // A file that came back is new for make; one that never changed is not.
    expect(base.mtime('io_uring/rw.c')).toBeGreaterThan(before);
    expect(base.mtime('Kconfig')).toBe(statSync(path.join(tree.dir, 'Kconfig')).mtimeMs);
    expect((await switchTo(request(tree))).written).toEqual([]);
  });

  test('from one tree to the next of its family', async () => {
    await using it = await area();
    await switchTo(request(it.tree, change('io_uring/rw.c', 'int patched;\n')));
    writeFileSync(path.join(it.source, 'io_uring/rsrc.c'), 'int newer;\n');
    rmSync(path.join(it.source, 'scripts/run.sh'));
    const next = await resolveTree(it.source, {});
    const moved = await switchTo(request(next, change('io_uring/rw.c', 'int patched;\n')));
    expect(moved.written).toEqual(['io_uring/rsrc.c', 'scripts/run.sh']);
    expect(moved.read('io_uring/rsrc.c')).toBe('int newer;\n');
    const back = await switchTo(request(it.tree));
    expect(back.written).toEqual(['io_uring/rsrc.c', 'io_uring/rw.c', 'scripts/run.sh']);
    expect(back.read('scripts/run.sh')).toBe('#!/bin/sh\n');
  });

  test('a switch that was cut short is done again', async () => {
    await using it = await area();
    const { tree } = it;
    await switchTo(request(tree));
    const file = path.join(await workDir(tree), 'state.json');
    const state = await readState(file);
    if (state === null) throw new Error('no journal');
    // As a process leaves it that was killed after the first of two files.
    await writeState(file, { ...state, phase: 'switching', suspect: ['io_uring/rsrc.c', 'io_uring/rw.c'] });
    const target = path.join(await workDir(tree), 'src/io_uring/rw.c');
    rmSync(target);
    writeFileSync(target, 'half');
    const again = await switchTo(request(tree));
    expect(again.written).toEqual(['io_uring/rsrc.c', 'io_uring/rw.c']);
    expect(again.read('io_uring/rw.c')).toBe('int rw;\n');
    expect((await readState(file))?.suspect).toEqual([]);
  });

  test('what an unfinished build wrote is thrown away, and nothing older', async () => {
    await using it = await area();
    const patched = request(it.tree, change('io_uring/rw.c', 'int patched;\n'));
    {
      await using work = await WorkTree.open(patched, {});
      await work.switch();
      writeFileSync(path.join(work.buildDir, 'old.o'), 'old');
      await utimes(path.join(work.buildDir, 'old.o'), new Date('2024-01-01'), new Date('2024-01-01'));
      await work.setConfigKey('key');
      await work.beginBuild();
      await mkdir(path.join(work.buildDir, 'io_uring'));
      writeFileSync(path.join(work.buildDir, 'io_uring/rw.o'), 'half an object');
      // As kbuild makes it; a walk that followed it would throw away the source.
      symlinkSync(work.sourceDir, path.join(work.buildDir, 'source'));
      await utimes(path.join(work.sourceDir, 'io_uring/rw.c'), new Date(), new Date());
      // No endBuild: as after kill -9.
    }
    await using work = await WorkTree.open(patched, {});
    expect(work.configKey).toBe('key');
    await work.switch();
    expect(await readFile(path.join(work.buildDir, 'old.o'), 'utf8')).toBe('old');
    await expect(readFile(path.join(work.buildDir, 'io_uring/rw.o'))).rejects.toThrow(/ENOENT/);
    expect(work.configKey).toBeNull();
    expect(await readFile(path.join(work.sourceDir, 'io_uring/rw.c'), 'utf8')).toContain('patched');
  });

  test('when the clock went back, no object is trusted', async () => {
    await using it = await area();
    const { tree } = it;
    {
      await using work = await WorkTree.open(request(tree), {});
      await work.switch();
      writeFileSync(path.join(work.buildDir, 'x.o'), 'x');
      await work.beginBuild();
      await work.endBuild(1);
    }
    const file = path.join(await workDir(tree), 'state.json');
    const state = await readState(file);
    if (state === null) throw new Error('no journal');
    await writeState(file, { ...state, buildEnded: Date.now() + 3_600_000 });
    await using work = await WorkTree.open(request(tree), {});
    await work.switch();
    await expect(readFile(path.join(work.buildDir, 'x.o'))).rejects.toThrow(/ENOENT/);
  });

  test('a lost journal means starting over', async () => {
    await using it = await area();
    await switchTo(request(it.tree, change('io_uring/rw.c', 'int patched;\n')));
    writeFileSync(path.join(await workDir(it.tree), 'state.json'), '{"schema":');
    const fresh = await switchTo(request(it.tree));
    expect(fresh.read('io_uring/rw.c')).toBe('int rw;\n');
  });
});

describe('what somebody else did to the files', () => {
  test('an edit in the work tree is undone', async () => {
    await using it = await area();
    await switchTo(request(it.tree, change('io_uring/rw.c', 'int patched;\n')));
    const src = path.join(await workDir(it.tree), 'src');
    writeFileSync(path.join(src, 'io_uring/rw.c'), 'int by_hand;\n');
    rmSync(path.join(src, 'Kconfig'));
    const again = await switchTo(request(it.tree, change('io_uring/rw.c', 'int patched;\n')));
    expect(again.written).toEqual(['Kconfig', 'io_uring/rw.c']);
    expect(again.read('io_uring/rw.c')).toBe('int patched;\n');
  });

  test('an edit through a link, which is one of the pristine source, is an error', async () => {
    await using it = await area();
    await switchTo(request(it.tree));
    // Root is not stopped by the file being read-only; take that away for others.
    const linked = path.join(await workDir(it.tree), 'src/io_uring/rw.c');
    chmodSync(linked, 0o644);
    appendFileSync(linked, 'by hand\n');
    await expect(switchTo(request(it.tree))).rejects.toThrow(TreeDamagedError);
    await expect(switchTo(request(it.tree))).rejects.toThrow(/io_uring\/rw\.c/);
    // The advice that the error gives helps.
    await rm(path.dirname(it.tree.dir), { recursive: true });
    const tree = await resolveTree(it.source, {});
    expect((await switchTo(request(tree))).read('io_uring/rw.c')).toBe('int rw;\n');
  });
});

describe('paths of changes', () => {
  test.each(['', '/etc/passwd', '../x', 'a/../../x', './a', 'a//b', 'a\0b', 'a/'])(
    '%j is refused',
    (file) => {
      expect(() => checkPath(file)).toThrow(UnsafePathError);
    },
  );

  test('a symbolic link in the tree is no way out of it', async () => {
    await using it = await area();
    symlinkSync(it.dir, path.join(it.source, 'out'));
    const tree = await resolveTree(it.source, {});
    await expect(switchTo(request(tree, change('out/victim', 'x')))).rejects.toThrow(UnsafePathError);
    await expect(readFile(path.join(it.dir, 'victim'))).rejects.toThrow(/ENOENT/);
  });

  test('a directory may take the place of a file, and the other way round', async () => {
    await using it = await area();
    const nested = await switchTo(
      request(it.tree, change('io_uring/rw.c', null), change('io_uring/rw.c/x', 'x')),
    );
    expect(nested.read('io_uring/rw.c/x')).toBe('x');
    expect((await switchTo(request(it.tree))).read('io_uring/rw.c')).toBe('int rw;\n');
  });

  test('a symbolic link is replaced, not followed', async () => {
    await using it = await area();
    const { read } = await switchTo(request(it.tree, change('include/link', 'a file now\n')));
    expect(read('include/link')).toBe('a file now\n');
    expect((await switchTo(request(it.tree))).written).toEqual(['include/link']);
  });
});
