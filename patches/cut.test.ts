import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutDiffs } from './cut.ts';
import { numbered, text, Workshop } from './fixtures.ts';

const diff = `diff --git a/f.c b/f.c
index 1111111..2222222 100644
--- a/f.c
+++ b/f.c
@@ -1,3 +1,3 @@ int f(void)
 one
-two
+2
 three
`;

const sections = (mail: string): readonly string[] => {
  const cut = cutDiffs(mail);
  if ('damage' in cut) throw new Error(cut.damage);
  return cut.sections;
};

describe('cutDiffs', () => {
  test('cuts by hunk counts, so that the signature is no removed line', () => {
    expect(sections(`From: a\nSubject: x\n\nWhy.\n---\n f.c | 2 +-\n\n${diff}-- \n2.39.5\n`)).toEqual([diff]);
  });

  test('finds several files and hunks, with prose between them', () => {
    const second = diff.replaceAll('f.c', 'g.c');
    expect(sections(`${diff}\nand then\n\n${second}-- \n2\n`)).toEqual([diff, second]);
    const two = `${diff}@@ -9 +9,2 @@\n x\n+y\n`;
    expect(sections(two)).toEqual([two]);
  });

  test('takes traditional diffs, and headers that have no hunk', () => {
    const plain = '--- old/f.c\t2021-01-01\n+++ new/f.c\t2021-01-02\n@@ -1 +1 @@\n-a\n+b\n';
    expect(sections(`Index: f.c\n${plain}`)).toEqual([plain]);
    const rename = 'diff --git a/f.c b/g.c\nsimilarity index 100%\nrename from f.c\nrename to g.c\n';
    expect(sections(`${rename}-- \n2.39\n`)).toEqual([rename]);
  });

  test('does not take quoted diffs or talk about diffs for diffs', () => {
    const quoted = diff.replaceAll(/^/gm, '> ');
    expect(sections(`On Monday A wrote:\n${quoted}\ndiff --git is a command\n--- not a header\n`)).toEqual(
      [],
    );
  });

  test('keeps "no newline at end of file" with its hunk', () => {
    const end = `${diff}\\ No newline at end of file\n`;
    expect(sections(`${end}-- \n2.39\n`)).toEqual([end]);
  });

  test('says where a line was wrapped', () => {
    const wrapped = diff.replace(' three', ' th\nree');
    expect(cutDiffs(wrapped.replace('+1,3', '+1,4').replace('-1,3', '-1,4'))).toEqual({
      damage: '"ree" does not belong into the hunk that starts on line 5',
      line: 10,
    });
  });

  test('says that a hunk ends too early', () => {
    const cut = cutDiffs(diff.replace('-1,3 +1,3', '-1,9 +1,9'));
    expect(cut).toMatchObject({ damage: 'the hunk that starts on line 5 ends too early' });
  });

  test('finds the same diff in a mail whatever words stand round it', async () => {
    await using shop = await Workshop.open();
    const after = numbered(40).map((line, i) => (i % 13 === 5 ? `${line} changed` : line));
    const [mail = ''] = await shop.formatPatch([{ 'a/b.c': text(numbered(40)) }, { 'a/b.c': text(after) }]);
    const bare = mail.slice(mail.indexOf('diff --git'), mail.lastIndexOf('-- \n'));
    expect(sections(mail)).toEqual([bare]);
    const prose = fc
      .string()
      .filter((words) => !/^(?:diff --git |--- |@@ )/m.test(words) && !words.includes('\\'));
    fc.assert(
      fc.property(prose, prose, (before, behind) => {
        expect(sections(`${before}\n${bare}-- \n${behind}`)).toEqual([bare]);
      }),
    );
  });
});
