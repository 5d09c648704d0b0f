import { describe, expect, test } from 'vitest';
import { DamagedPatchError, EmptyPatchError, newLines, oldLines, parsePatchFile } from './parse.ts';

const parse = (text: string) => parsePatchFile('x.patch', Buffer.from(text));

describe('parsePatchFile', () => {
  test('reads names, modes and hunks of an extended diff', () => {
    const { files, strip } = parse(
      'diff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\nindex 111..222\n--- a/s.sh\n+++ b/s.sh\n@@ -3,2 +3,3 @@ main()\n a\n-b\n+c\n+d\n',
    );
    expect(strip).toBe(1);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatchObject({
      oldPath: 's.sh',
      newPath: 's.sh',
      modes: ['100644', '100755'],
      binary: false,
    });
    const [hunk] = files[0]?.hunks ?? [];
    expect(hunk).toMatchObject({ header: '@@ -3,2 +3,3 @@ main()', oldStart: 3, newStart: 3 });
    expect(hunk && oldLines(hunk)).toEqual(['a', 'b']);
    expect(hunk && newLines(hunk)).toEqual(['a', 'c', 'd']);
  });

  test('knows new, deleted and renamed files', () => {
    const { files } = parse(
      [
        'diff --git a/n b/n\nnew file mode 100644\nindex 0000000..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x',
        'diff --git a/d b/d\ndeleted file mode 100755\nindex 1..0000000\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-x',
        'diff --git a/o b/p\nsimilarity index 100%\nrename from o\nrename to p\n',
      ].join('\n'),
    );
    expect(files.map(({ oldPath, newPath }) => [oldPath, newPath])).toEqual([
      [null, 'n'],
      ['d', null],
      ['o', 'p'],
    ]);
  });

  test('sees that a diff was made with --no-prefix', () => {
    const { files, strip } = parse('--- io_uring/rw.c\n+++ io_uring/rw.c\n@@ -1 +1 @@\n-a\n+b\n');
    expect(strip).toBe(0);
    expect(files[0]).toMatchObject({ oldPath: 'io_uring/rw.c', newPath: 'io_uring/rw.c' });
  });

  test('keeps bytes that are no UTF-8', () => {
    const bytes = Buffer.from('junk\xe9\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-\xe9\n+\xe8\n', 'latin1');
    expect(Buffer.from(parsePatchFile('x', bytes).diff)).toEqual(bytes.subarray(6));
  });

  test('a mail without a diff is an error of its own', () => {
    expect(() => parse('Subject: [PATCH 0/3] cover\n\nHello.\n')).toThrow(EmptyPatchError);
    expect(() => parse('')).toThrow('x.patch contains no diff');
  });

  test('a damaged hunk names patch and line', () => {
    expect(() => parse('--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\nb\n')).toThrow(DamagedPatchError);
    expect(() => parse('--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\nb\n')).toThrow(
      'x.patch, line 5: "b" does not belong',
    );
  });
});
