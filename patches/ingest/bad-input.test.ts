import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadCandidate } from '../candidate.ts';
import { Workshop } from '../fixtures.ts';
import { diffAdding, mail, mbox, names, seriesMails, take } from './fixtures.ts';

describe('bad input', () => {
  const cases: readonly (readonly [string, string | Uint8Array, string, string])[] = [
    [
      'a mail without a patch',
      mail({ subject: 'x', body: 'Hello.\n' }),
      'NOTHING_TO_APPLY',
      'nothing to apply: no diff stands in the text',
    ],
    [
      'HTML alone',
      mail({
        subject: '[PATCH] x',
        body: `<pre>${diffAdding('a();')}</pre>`,
        head: 'Content-Type: text/html',
      }),
      'NOTHING_TO_APPLY',
      'an HTML part was passed over',
    ],
    ['NUL bytes', `${diffAdding('a();')}\0`, 'NOTHING_TO_APPLY', 'it has a NUL byte at offset'],
    [
      'UTF-16',
      Buffer.from(`\ufeff${diffAdding('a();')}`, 'utf16le'),
      'UNREADABLE_INPUT',
      'is UTF-16 text. Save it as UTF-8',
    ],
    ['nothing at all', '', 'UNREADABLE_INPUT', 'is empty'],
    [
      'one message of 17 MiB',
      Buffer.alloc(17 * 1024 * 1024, 'a\n'),
      'NOTHING_TO_APPLY',
      'one message of 17 MiB; the limit is 16 MiB',
    ],
    [
      'half an archive',
      gzipSync(diffAdding('a();')).subarray(0, 60),
      'UNREADABLE_INPUT',
      'cannot be unpacked',
    ],
    [
      'a patch out of the tree',
      diffAdding('a();', '../evil'),
      'NOTHING_TO_APPLY',
      'a path that leads out of the tree',
    ],
    [
      'a hunk cut short',
      diffAdding('a();').split('\n').slice(0, 7).join('\n'),
      'NOTHING_TO_APPLY',
      'ends too early',
    ],
  ];
  test.for(cases)('%s', async ([, content, code, message]) => {
    await using shop = await Workshop.open();
    await writeFile(path.join(shop.dir, 'input'), content);
    const refused = take(shop, ['input']);
    await expect(refused).rejects.toMatchObject({ code, exitCode: 2 });
    await expect(refused).rejects.toThrow(message);
    expect(await readdir(shop.dir)).toEqual(['input']);
  });

  test('what is not there, and what is no file', async () => {
    await using shop = await Workshop.open();
    await expect(take(shop, ['nope'])).rejects.toMatchObject({ code: 'NO_SUCH_INPUT', exitCode: 2 });
    await expect(take(shop, [], { sources: ['/dev/null'] })).rejects.toMatchObject({ code: 'NO_SUCH_INPUT' });
  });

  test('an archive that unpacks to more than is allowed is stopped, and leaves nothing behind', async () => {
    await using shop = await Workshop.open();
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(packed.length).toBeLessThan(100_000);
    await writeFile(path.join(shop.dir, 'bomb.gz'), packed);
    const spools = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('ringtrial-ingest-'));
    const before = await spools();
    const refused = take(shop, ['bomb.gz'], { largestInput: 8 * 1024 * 1024 });
    await expect(refused).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE', exitCode: 2 });
    await expect(refused).rejects.toThrow('bomb.gz is more than 8 MiB when unpacked');
    expect((await spools()).filter((name) => !before.includes(name))).toEqual([]);
  });

  test('an abort ends it', async () => {
    await using shop = await Workshop.open();
    await writeFile(path.join(shop.dir, 'x'), mbox(seriesMails(1, 2)));
    await expect(take(shop, ['x'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });

  test('what is refused does not keep the rest from coming out', async () => {
    await using shop = await Workshop.open();
    const evil = mail({ subject: '[PATCH] evil', id: 'e@x', body: diffAdding('a();', '.git/config') });
    await shop.tree('.', {
      'm.mbox': mbox([evil, mail({ subject: '[PATCH] good', id: 'g@x', body: diffAdding('a();') })]),
    });
    const report = await take(shop, ['m.mbox']);
    expect(names(report)).toEqual({ good: 1 });
    expect(report.refused).toMatchObject([
      { title: 'evil', reason: expect.stringContaining("git's own directory") },
    ]);
  });

  test('what was ingested is a candidate that can be read again', async () => {
    await using shop = await Workshop.open();
    await writeFile(path.join(shop.dir, 'x'), mbox(seriesMails(2, 3)));
    await take(shop, ['x']);
    await cp(path.join(shop.dir, 'out'), path.join(shop.dir, 'root', 'candidates'), { recursive: true });
    const loaded = await loadCandidate('all-the-steps-v2', path.join(shop.dir, 'root'));
    expect(loaded.patches).toHaveLength(3);
    expect(
      JSON.parse(await readFile(path.join(shop.dir, 'out', 'all-the-steps-v2', 'candidate.json'), 'utf8')),
    ).toMatchObject({ kind: 'patch' });
  });
});
