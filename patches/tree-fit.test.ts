import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { candidateOf, numbered, text, Workshop } from './fixtures.ts';
import { fitTo } from './tree-fit.ts';

const edit = (lines: readonly string[], at: number, line: string): string[] => lines.with(at - 1, line);

describe('fitTo', () => {
  const series = async (shop: Workshop, file = 'io_uring/a.c') => {
    const start = numbered(60);
    const states = [start, edit(start, 15, 'x'), edit(edit(start, 15, 'x'), 40, 'y')];
    return candidateOf(...(await shop.formatPatch(states.map((lines) => ({ [file]: text(lines) })))));
  };

  test.for([
    ['exact', numbered(60), 'exact', 'applies'],
    ['moved', ['p', 'q', ...numbered(60)], 'offset', 'applies, 2 hunks at another line (up to 2 lines off)'],
    ['fuzz', edit(numbered(60), 13, 'other'), 'fuzz', 'applies with fuzz (1 note)'],
    ['done', edit(edit(numbered(60), 15, 'x'), 40, 'y'), 'fails', '1.patch: is applied already'],
    ['gone', numbered(9), 'fails', '1.patch: does not apply: io_uring/a.c:12 is nowhere in the file'],
    [
      'differs',
      edit(edit(numbered(60), 14, 'o'), 16, 'p'),
      'fails',
      '1.patch: does not apply: io_uring/a.c:12 differs (most like line 12, 5 of 7 lines)',
    ],
  ] as const)('%s', async ([, lines, fit, summary]) => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'io_uring/a.c': text(lines) });
    expect(await fitTo(tree, await series(shop))).toMatchObject({ fit, summary });
  });

  test('the patch that fails first is named, with the whole explanation', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', {
      'io_uring/a.c': text(edit(edit(numbered(60), 39, 'o'), 41, 'p')),
    });
    const found = await fitTo(tree, await series(shop));
    expect(found).toMatchObject({ fit: 'fails', patch: '2.patch' });
    expect(found.details[0]).toBe('2.patch does not apply (1 of 1 hunks).');
    expect(found.details.join('\n')).toContain('the closest place is line');
  });

  test('code that has moved to another file, and a patch for another project', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'io_uring/rw.c': text(numbered(60)) });
    expect((await fitTo(tree, await series(shop, 'fs/io_uring.c'))).summary).toBe(
      '1.patch: does not apply: there is no fs/io_uring.c; its code may be in io_uring/rw.c now',
    );
    expect((await fitTo(tree, await series(shop, 'src/queue.c'))).summary).toBe(
      '1.patch: does not apply: there is no src/queue.c; it is for another project',
    );
  });

  test('a tree with a link in the way refuses it', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'other/a.c': 'x\n' });
    await symlink('other', path.join(tree, 'io_uring'));
    expect(await fitTo(tree, await series(shop))).toMatchObject({
      fit: 'refused',
      summary: expect.stringContaining('symbolic link'),
    });
  });
});
