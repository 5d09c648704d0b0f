import { chmod, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Applied, applySeries } from './apply.ts';
import { candidateOf, numbered, text, Workshop } from './fixtures.ts';

const shown = ({ changes }: Applied) =>
  changes.map(({ path, content, executable }) => ({
    path,
    text: content && Buffer.from(content).toString(),
    executable,
  }));

const edited = (lines: readonly string[], at: number, line: string): string[] => lines.with(at - 1, line);

describe('applySeries', () => {
  test('returns what a series changes and leaves the tree as it is', async () => {
    await using shop = await Workshop.open();
    const before = { 'a.c': text(numbered(30)), 'sub/b.c': 'b\n', 'gone.c': 'g\n', 'same.c': 's\n' };
    const once = { 'a.c': text(edited(numbered(30), 10, 'ten')), 'new/c.c': 'c\n', 'same.c': 't\n' };
    const twice = { 'sub/b.c': 'B\n', 'gone.c': null, 'same.c': 's\n' };
    const tree = await shop.tree('tree', before);
    const patches = await shop.formatPatch([before, once, twice]);
    const applied = await applySeries(tree, candidateOf(...patches));
    expect(shown(applied)).toEqual([
      { path: 'a.c', text: once['a.c'], executable: false },
      { path: 'gone.c', text: null, executable: false },
      { path: 'new/c.c', text: 'c\n', executable: false },
      { path: 'sub/b.c', text: 'B\n', executable: false },
    ]);
    expect(applied.fuzz).toEqual([]);
    expect(await readFile(path.join(tree, 'a.c'), 'utf8')).toBe(before['a.c']);
    expect(await readdir(tree)).toEqual(['a.c', 'gone.c', 'same.c', 'sub']);
  });

  test('the empty series changes nothing', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'a.c': 'a\n' });
    expect((await applySeries(tree, candidateOf())).changes).toEqual([]);
  });

  test('says which patch brought a line, also after later patches moved it', async () => {
    await using shop = await Workshop.open();
    const start = numbered(20);
    const first = edited(start, 10, 'from one');
    const second = ['top', ...first.slice(0, 14), 'from two', ...first.slice(14)];
    const states = [start, first, second].map((lines) => ({ 'a.c': text(lines) }));
    const tree = await shop.tree('tree', { 'a.c': text(start) });
    const { lineOrigin } = await applySeries(tree, candidateOf(...(await shop.formatPatch(states))));
    expect(lineOrigin('a.c', 11)).toBe('1.patch');
    expect(lineOrigin('a.c', 1)).toBe('2.patch');
    expect(lineOrigin('a.c', 16)).toBe('2.patch');
    expect(lineOrigin('a.c', 12)).toBeUndefined();
    expect(lineOrigin('b.c', 1)).toBeUndefined();
  });

  test('attributes a file that is rewritten from end to end without comparing it for ever', async () => {
    await using shop = await Workshop.open();
    const old = numbered(60_000, 'old');
    const patch = [
      '--- a/a.c\n+++ b/a.c\n@@ -1,60000 +1,60000 @@',
      ...old.map((line) => `-${line}`),
      ...numbered(60_000, 'new').map((line) => `+${line}`),
    ];
    const tree = await shop.tree('tree', { 'a.c': text(old) });
    const applied = await applySeries(tree, candidateOf(text(patch)));
    expect(applied.lineOrigin('a.c', 30_000)).toBe('1.patch');
  });

  test('follows a renamed file', async () => {
    await using shop = await Workshop.open();
    const lines = text(numbered(30));
    const states = [{ 'a.c': lines }, { 'a.c': text(edited(numbered(30), 5, 'five')) }];
    const renamed = { 'a.c': null, 'd/b.c': text(edited(edited(numbered(30), 5, 'five'), 25, 'x')) };
    const patches = await shop.formatPatch([...states, renamed]);
    expect(patches[1]).toContain('rename to');
    const applied = await applySeries(await shop.tree('tree', { 'a.c': lines }), candidateOf(...patches));
    expect(applied.changes.map(({ path, content }) => [path, content === null])).toEqual([
      ['a.c', true],
      ['d/b.c', false],
    ]);
    expect([5, 6, 25].map((line) => applied.lineOrigin('d/b.c', line))).toEqual([
      '1.patch',
      undefined,
      '2.patch',
    ]);
  });

  test('reports a hunk that was found at another line', async () => {
    await using shop = await Workshop.open();
    const states = [{ 'a.c': text(numbered(30)) }, { 'a.c': text(edited(numbered(30), 15, 'x')) }];
    const series = candidateOf(...(await shop.formatPatch(states)));
    const moved = await shop.tree('moved', { 'a.c': text(['p', 'q', ...numbered(30)]) });
    const applied = await applySeries(moved, series);
    expect(applied.fit).toBe('offset');
    expect(applied.fuzz).toEqual([
      '1.patch: a.c: hunk 1 applied at line 14, 2 lines further down than the patch says',
    ]);
  });

  test('does without context lines at the edge of a hunk, and says which', async () => {
    await using shop = await Workshop.open();
    const states = [{ 'a.c': text(numbered(30)) }, { 'a.c': text(edited(numbered(30), 15, 'x')) }];
    const series = candidateOf(...(await shop.formatPatch(states)));
    const other = edited(edited(numbered(30), 13, 'changed'), 18, 'too');
    const tree = await shop.tree('other', { 'a.c': text(other) });
    const applied = await applySeries(tree, series);
    expect(applied.fit).toBe('fuzz');
    expect(applied.fuzz).toEqual([
      '1.patch: a.c: the hunk at line 12 was fitted although the file has "changed" where the patch expects "line 13" (line 13)',
      '1.patch: a.c: the hunk at line 12 was fitted although the file has "too" where the patch expects "line 18" (line 18)',
    ]);
    expect(shown(applied)[0]?.text).toBe(text(edited(other, 15, 'x')));
  });

  test('never does without all context on both sides, nor where the hunk would fit twice', async () => {
    await using shop = await Workshop.open();
    const states = [{ 'a.c': text(numbered(30)) }, { 'a.c': text(edited(numbered(30), 15, 'x')) }];
    const series = candidateOf(...(await shop.formatPatch(states)));
    const bare = [...numbered(11), 'p', 'q', 'r', 'line 15', 's', 't', 'u'];
    await expect(applySeries(await shop.tree('bare', { 'a.c': text(bare) }), series)).rejects.toMatchObject({
      code: 'PATCH_DOES_NOT_APPLY',
    });
    const part = ['a', 'line 13', 'line 14', 'line 15', 'line 16', 'b'];
    await expect(
      applySeries(await shop.tree('twice', { 'a.c': text([...part, ...part]) }), series),
    ).rejects.toMatchObject({ code: 'PATCH_DOES_NOT_APPLY' });
  });

  test('keeps and changes the executable bit', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 's.sh': 'a\n', 't.sh': 'a\n' });
    await chmod(path.join(tree, 's.sh'), 0o755);
    const change = (file: string) => `--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-a\n+b\n`;
    const mode = 'diff --git a/t.sh b/t.sh\nold mode 100644\nnew mode 100755\n';
    expect(shown(await applySeries(tree, candidateOf(change('s.sh'), mode)))).toEqual([
      { path: 's.sh', text: 'b\n', executable: true },
      { path: 't.sh', text: 'a\n', executable: true },
    ]);
  });

  test('works inside of a git work tree and with a hostile git configuration round it', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'a.c': 'a  \n' });
    const before = { ...process.env };
    Object.assign(process.env, {
      GIT_DIR: '/nonexistent',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'apply.whitespace',
      GIT_CONFIG_VALUE_0: 'error-all',
    });
    try {
      const applied = await applySeries(tree, candidateOf('--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a  \n+b  \n'));
      expect(shown(applied)[0]?.text).toBe('b  \n');
    } finally {
      process.env = before;
    }
  });

  test('ends at once when it is aborted, and leaves no directory behind', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'a.c': 'a\n' });
    const ours = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('ringtrial-apply-'));
    const before = await ours();
    const series = candidateOf('--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n');
    const gone = applySeries(tree, series, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(gone).rejects.toThrow('enough');
    expect((await ours()).filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('applySeries refuses', () => {
  const write = (name: string) => `--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`;
  const create = (name: string, mode: string) =>
    `diff --git a/${name} b/${name}\nnew file mode ${mode}\nindex 0000000..1111111\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`;
  const cases: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['a path out of the tree', write('../evil'), 'leads out of the tree'],
    ['a path out of the tree by a detour', write('io_uring/../../evil'), 'leads out of the tree'],
    ['an absolute path', '--- /dev/null\n+++ /etc/evil\n@@ -0,0 +1 @@\n+x\n', 'an absolute path'],
    ['an absolute rename', 'diff --git a/a.c b/x\nrename from a.c\nrename to /etc/x\n', 'an absolute path'],
    ["git's directory", write('.git/hooks/post-checkout'), "git's own directory"],
    ["git's directory in capitals, deeper", write('sub/.GIT/config'), "git's own directory"],
    ['a symbolic link', create('link', '120000'), 'symbolic link'],
    ['a submodule', create('module', '160000'), 'submodule'],
    ['a set-uid file', create('suid', '104755'), 'mode 104755'],
    ['a world-writable mode', 'diff --git a/a.c b/a.c\nold mode 100644\nnew mode 100666\n', 'mode 100666'],
    [
      'a binary patch',
      'diff --git a/b b/b\nnew file mode 100644\nindex 0000000..1\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n',
      'binary',
    ],
    [
      'a binary difference',
      'diff --git a/a b/a\nindex 1..2 100644\nBinary files a/a and b/a differ\n',
      'binary',
    ],
    ['NUL bytes', `${write('n.c')}\0`, 'NUL byte at offset'],
    ['control characters in a name', write('"a\\033[2Jb"').replace('b/"', '"b/'), 'control characters'],
    ['16 MiB and one byte', Buffer.alloc(16 * 1024 * 1024 + 1, 'a'), 'the limit is 16 MiB'],
  ];
  test.for(cases)('%s', async ([, patch, reason]) => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'a.c': 'a\n' });
    const refused = applySeries(tree, candidateOf(patch));
    await expect(refused).rejects.toMatchObject({ code: 'UNSAFE_PATCH', exitCode: 2 });
    await expect(refused).rejects.toThrow(reason);
    expect(await readdir(shop.dir)).toEqual(['tree']);
  });

  test('symbolic links of the tree, as the file and on the way to it', async () => {
    await using shop = await Workshop.open();
    const outside = await shop.tree('outside', { 'f.c': 'a\n' });
    const tree = await shop.tree('tree', { 'real/f.c': 'a\n' });
    await symlink(outside, path.join(tree, 'dir'));
    await symlink('real/f.c', path.join(tree, 'file.c'));
    const change = (file: string) => `--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-a\n+b\n`;
    await expect(applySeries(tree, candidateOf(change('dir/f.c')))).rejects.toThrow('dir is a symbolic link');
    await expect(applySeries(tree, candidateOf(write('dir/new.c')))).rejects.toThrow(
      'dir is a symbolic link',
    );
    await expect(applySeries(tree, candidateOf(change('file.c')))).rejects.toThrow(
      'file.c is a symbolic link',
    );
    expect(await readdir(outside)).toEqual(['f.c']);
    expect(await readFile(path.join(outside, 'f.c'), 'utf8')).toBe('a\n');
  });

  test('a link made by an earlier patch and written through by a later one', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'a.c': 'a\n' });
    const link = create('way', '120000').replace('+x', `+${shop.dir}`);
    await expect(applySeries(tree, candidateOf(link, write('way/evil')))).rejects.toThrow(
      'symbolic link way',
    );
    expect(await readdir(shop.dir)).toEqual(['tree']);
  });

  test('what is no regular file in the tree', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'dir/a.c': 'a\n' });
    const series = candidateOf('--- a/dir\n+++ b/dir\n@@ -1 +1 @@\n-a\n+b\n');
    await expect(applySeries(tree, series)).rejects.toThrow('no regular file');
    expect((await stat(path.join(tree, 'dir'))).isDirectory()).toBe(true);
  });
});
