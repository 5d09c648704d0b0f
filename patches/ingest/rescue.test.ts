import { describe, expect, test } from 'vitest';
import { numbered, text, Workshop } from '../fixtures.ts';
import { diffAdding, mail, names, take, written } from './fixtures.ts';

const rw = (...after: string[]): string =>
  text([...numbered(9), '\tone();', ...after, '\ttwo();', '\tthree();', ...numbered(5, 'end')]);

const target = async (shop: Workshop, content = rw()) => ({
  dir: await shop.tree('tree', { 'io_uring/rw.c': content }),
  name: 'a-tree',
});

const reply = (body: string): string => mail({ subject: 'Re: [PATCH] io_uring: x', id: 'r@x', body });
const wholeDiff = diffAdding('added();');

describe('repair after a tree', () => {
  test('tabs come back, it is said, and the tree is noted as one that it fits', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'r.eml': reply(`Try:\n\n${wholeDiff.replaceAll('\t', '        ')}`) });
    const report = await take(shop, ['r.eml'], { tree: await target(shop) });
    expect(report.candidates[0]).toMatchObject({ fit: 'exact', file: { trees: ['a-tree'] } });
    expect(report.candidates[0]?.file.source?.notes).toEqual([
      expect.stringMatching(/^repaired after a-tree: io_uring\/rw\.c: the hunk at line 10 had other blanks/),
      expect.stringContaining('1 added line of it got blanks'),
    ]);
    expect(await written(shop, 'x-diff', '0001-x.patch')).toContain(wholeDiff);
  });

  test('without a tree the damage is kept and reported', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'r.eml': reply(wholeDiff.replaceAll('\t', '        ')) });
    const report = await take(shop, ['r.eml']);
    expect(report.candidates[0]?.file.source?.notes).toEqual(['io_uring/rw.c: tabs have become blanks']);
  });

  test('a hunk that lacks an empty line is made whole, or refused when that can be done in two ways', async () => {
    await using shop = await Workshop.open();
    const header = '--- a/io_uring/rw.c\n+++ b/io_uring/rw.c\n@@ -10,4 +10,5 @@\n';
    const lost = `${header} \tone();\n+\tadded();\n \ttwo();\n \tthree();\n`;
    await shop.tree('.', {
      'r.eml': reply(lost.replace('+\tadded();\n \ttwo();', '+\tadded();\n+\tmore();\n-\ttwo();')),
    });
    const content = text([...numbered(9), '\tone();', '\ttwo();', '', '\tthree();']);
    const report = await take(shop, ['r.eml'], { tree: await target(shop, content) });
    expect(names(report)).toEqual({ 'x-diff': 1 });
    expect(report.candidates[0]?.fit).toBe('exact');
    await shop.tree('.', { 'two.eml': reply(lost) });
    const either = await target(shop, rw(''));
    await expect(take(shop, ['two.eml'], { tree: either })).rejects.toThrow(
      'there is not just one repair that fits a-tree',
    );
  });

  test('a patch of a series is repaired after what comes before it', async () => {
    await using shop = await Workshop.open();
    const first = diffAdding('added();');
    const second = first
      .replace('+\tadded();', ' \tadded();\n+\tlater();')
      .replace('-10,3 +10,4', '-10,4 +10,5')
      .replaceAll('\t', '        ');
    await shop.tree('series', { '1.patch': first, '2.patch': second });
    const report = await take(shop, ['series'], { tree: await target(shop) });
    expect(report.candidates[0]?.fit).toBe('exact');
    expect(await written(shop, 'series', '0002-series.patch')).toContain(' \tadded();\n+\tlater();\n');
  });

  test('what does not fit the tree is taken all the same, with the reason', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'x.diff': diffAdding('a();', 'src/queue.c') });
    const [candidate] = (await take(shop, ['x.diff'], { tree: await target(shop) })).candidates;
    expect(candidate).toMatchObject({
      fit: 'fails',
      why: expect.stringContaining('the tree has no such file'),
      file: { trees: [] },
    });
  });
});
