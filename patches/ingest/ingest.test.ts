import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { loadCandidate } from '../candidate.ts';
import { Workshop } from '../fixtures.ts';
import { runGit } from '../git.ts';
import { diffAdding, mail, mbox, names, seriesMails, take, written } from './fixtures.ts';

describe('a single patch', () => {
  test('a mail becomes a candidate that loads, and that git am would take', async () => {
    await using shop = await Workshop.open();
    const body = `Why.\n\nFixes: 123456789abc ("io_uring: x")\nLink: https://example.org/1\nReviewed-by: B <b@example.org>\n---\n a | 1 +\n\n${diffAdding('a();')}-- \n2.39\n\nbase-commit: 0123456789012345678901234567890123456789\nchange-id: 20240102-steps-abc\n`;
    await shop.tree('.', {
      'x.eml': mail({ subject: '[PATCH v2] io_uring/rw: do a', id: '1@example.org', body }),
    });
    const report = await take(shop, ['x.eml']);
    expect(names(report)).toEqual({ 'do-a-v2': 1 });
    const candidate = await loadCandidate(path.join(shop.dir, 'out', 'do-a-v2'));
    expect(candidate).toMatchObject({
      title: 'io_uring/rw: do a',
      origin: '<1@example.org>',
      description: expect.stringContaining('Why.\n\nFixes: 123456789abc'),
      source: {
        author: 'A Author <a@example.org>',
        date: '2024-01-02T03:00:00.000Z',
        version: 2,
        fixes: ['123456789abc ("io_uring: x")'],
        links: ['https://example.org/1'],
        baseCommit: '0123456789012345678901234567890123456789',
        changeId: '20240102-steps-abc',
      },
    });
    const text = await written(shop, 'do-a-v2', '0001-do-a.patch');
    expect(text).toContain('Reviewed-by: B <b@example.org>\n---\n a | 1 +\n');
    expect(text).toContain('base-commit: 0123456789');
    const { stdout } = await runGit({
      cwd: shop.dir,
      args: ['mailinfo', 'm', 'd'],
      input: Buffer.from(text),
    });
    expect(stdout).toContain('Author: A Author\nEmail: a@example.org\nSubject: io_uring/rw: do a\n');
  });

  test('encoded mails, other charsets and in-body authors', async () => {
    await using shop = await Workshop.open();
    const diff = diffAdding('/* Jörg */');
    const base64 = mail({
      subject: '=?utf-8?q?=5BPATCH=5D_io=5Furing=3A_f=C3=BCr?=',
      body: Buffer.from(`From: Jörg <j@example.org>\n\nWhy.\n---\n${diff}`).toString('base64'),
      head: 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64',
    });
    const latin1 = Buffer.from(
      mail({
        subject: '[PATCH] x: two',
        body: `Why ö.\n---\n${diff}`,
        head: 'Content-Type: text/plain; charset=iso-8859-1',
      }),
      'latin1',
    );
    await writeFile(path.join(shop.dir, 'a.eml'), base64);
    await writeFile(path.join(shop.dir, 'b.eml'), latin1);
    const report = await take(shop, ['a.eml', 'b.eml']);
    expect(names(report)).toEqual({ fur: 1, two: 1 });
    expect(report.candidates[0]?.file.source?.author).toBe('Jörg <j@example.org>');
    expect(report.candidates[1]?.file.source?.notes).toEqual(['the text was in iso-8859-1 and is UTF-8 now']);
    for (const name of ['fur/0001-fur.patch', 'two/0001-two.patch']) {
      const [dir = '', file = ''] = name.split('/');
      expect(await written(shop, dir, file)).toContain('/* Jörg */');
    }
  });

  test('a plain diff keeps its bytes', async () => {
    await using shop = await Workshop.open();
    const text = `Some words.\n\n${diffAdding('a();')}`;
    await shop.tree('.', { 'my-change.diff': text });
    expect(names(await take(shop, ['my-change.diff']))).toEqual({ 'my-change': 1 });
    expect(await written(shop, 'my-change', '0001-my-change.patch')).toBe(text);
  });

  test('one mail of a series is what was asked for, and the missing parts are named', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'x.eml': seriesMails(1, 4)[2] ?? '' });
    const report = await take(shop, ['x.eml']);
    expect(names(report)).toEqual({ 'step-2': 1 });
    expect(report.candidates[0]?.file.source?.notes).toEqual([
      'parts 1, 3-4 of 4 are missing; there is only part 2',
    ]);
  });

  test('a patch for another project is taken, and said to be one', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', {
      'x.eml': mail({ subject: '[PATCH liburing] x', body: diffAdding('a();', 'src/queue.c') }),
    });
    const report = await take(shop, ['x.eml']);
    expect(report.candidates[0]?.file.source?.notes).toEqual([
      'none of its files lies where a kernel has files: it is for another project',
    ]);
  });
});

describe('threads', () => {
  test('all complete versions come out, the newest first; an incomplete one is named', async () => {
    await using shop = await Workshop.open();
    const third = seriesMails(3, 3, { answers: 'v2.0@example.org' }).toSpliced(2, 1);
    const mails = [...seriesMails(1, 2), ...seriesMails(2, 3), ...third];
    await shop.tree('.', { 't.mbox': mbox(mails.toReversed()) });
    const report = await take(shop, ['t.mbox']);
    expect(report.candidates.map(({ name, status, file }) => [name, status, file.patches.length])).toEqual([
      ['all-the-steps-v2', 'newest', 3],
      ['all-the-steps', 'superseded', 2],
    ]);
    expect(report.incomplete).toEqual([
      {
        title: 'io_uring: all the steps, v3 (3 patches)',
        reason: 'part 2 of 3 is missing; there are parts 1, 3',
      },
    ]);
    expect(report.candidates[0]?.file).toMatchObject({
      description: 'What it is about.',
      patches: ['0001-step-1.patch', '0002-step-2.patch', '0003-step-3.patch'],
    });
  });

  test('a version can be chosen, and one that is not there is answered with those that are', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 't.mbox': mbox([...seriesMails(1, 2), ...seriesMails(2, 3)]) });
    expect(names(await take(shop, ['t.mbox'], { version: 1 }))).toEqual({ 'all-the-steps': 2 });
    await expect(take(shop, ['t.mbox'], { version: 7 })).rejects.toThrow(
      'There is no version 7; there are v1, v2.',
    );
  });

  test('half a series is refused with its missing parts, unless it is wanted so', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 't.mbox': mbox(seriesMails(1, 6).filter((_, i) => [0, 2, 3].includes(i))) });
    const refused = take(shop, ['t.mbox']);
    await expect(refused).rejects.toMatchObject({ code: 'INCOMPLETE_SERIES', exitCode: 2 });
    await expect(refused).rejects.toThrow('parts 1, 4-6 of 6 are missing; there are parts 2-3');
    expect(names(await take(shop, ['t.mbox'], { incomplete: true }))).toEqual({ 'all-the-steps': 2 });
  });

  test('two series of one size and version in one archive stay apart, and so do their authors', async () => {
    await using shop = await Workshop.open();
    const others = seriesMails(1, 2).map((text) =>
      text
        .replaceAll('a@example.org', 'b@example.org')
        .replaceAll('@example.org>', '.other@example.org>')
        .replaceAll('step', 'stage')
        .replaceAll('v1_', 'other_'),
    );
    await shop.tree('.', { 't.mbox': mbox([...seriesMails(1, 2), ...others].toSorted()) });
    expect(names(await take(shop, ['t.mbox']))).toEqual({ 'all-the-steps': 2, 'all-the-stages': 2 });
  });

  test('mails that answer nothing find together by author and time', async () => {
    await using shop = await Workshop.open();
    const loose = seriesMails(1, 3)
      .slice(1)
      .map((text) => text.replace(/^In-Reply-To: .*\n/m, ''));
    await shop.tree('.', { 't.mbox': mbox(loose) });
    expect(names(await take(shop, ['t.mbox']))).toEqual({ 'step-1': 3 });
  });

  test('one mail on two lists is one mail; a part that was sent again counts once', async () => {
    await using shop = await Workshop.open();
    const mails = seriesMails(1, 2);
    const again = (mails[1] ?? '').replace('v1.1@', 'again@').replace('Why step 1.', 'Why step 1, really.');
    await shop.tree('.', { 't.mbox': mbox([...mails, ...mails, again.replace('03:41', '03:59')]) });
    const report = await take(shop, ['t.mbox']);
    expect(names(report)).toEqual({ 'all-the-steps': 2 });
    expect(report.candidates[0]?.file.source?.notes).toEqual([
      'part 1 came more than once; the last one was taken',
    ]);
  });

  test('only what has the words in its title', async () => {
    await using shop = await Workshop.open();
    const other = mail({ subject: '[PATCH] net: other', body: diffAdding('o();', 'net/a.c') });
    await shop.tree('.', { 't.mbox': mbox([...seriesMails(1, 2), other]) });
    expect(names(await take(shop, ['t.mbox'], { match: 'NET: oth' }))).toEqual({ other: 1 });
  });
});

const reply = (body: string, id: string, answers: string, minute: number): string =>
  mail({
    subject: 'Re: [PATCH 1/2] io_uring: step 1',
    id,
    answers,
    minute,
    body,
    from: 'M Maintainer <m@example.org>',
  });

const quote = (text: string, mark = '> '): string => text.replaceAll(/^/gm, mark);

describe('discussions', () => {
  const two = `Either [1] or [2].\n\n[1]\n${diffAdding('first();')}\n\n[2]\n${diffAdding('second();')}\n-- \nM\n`;

  test('numbered diffs come out once each, however often they are quoted', async () => {
    await using shop = await Workshop.open();
    const replies = [two, quote(two), quote(quote(two), '>'), `Nice.\n\n${quote(two.replace('[1]\n', ''))}`];
    const mails = replies.map((body, i) =>
      reply(body, `r${i}@example.org`, i === 0 ? 'v1.1@example.org' : `r${i - 1}@example.org`, 200 + i),
    );
    await shop.tree('.', { 't.mbox': mbox([...seriesMails(1, 2), ...mails.toReversed()]) });
    const report = await take(shop, ['t.mbox']);
    expect(names(report)).toEqual({ 'all-the-steps': 2, 'step-1-1': 1, 'step-1-2': 1 });
    expect(report.quotations).toBe(6);
    expect(report.candidates[1]).toMatchObject({
      kind: 'diff',
      file: {
        title: 'io_uring: step 1: diff [1] by M Maintainer',
        origin: '<r0@example.org>',
        description: 'Either [1] or [2].',
        source: { label: '1', quoteDepth: 0, author: 'M Maintainer <m@example.org>' },
      },
    });
    expect(await written(shop, 'step-1-2', '0001-step-1.patch')).toContain('+\tsecond();');
  });

  test('of quotations alone the least damaged copy is taken, and its number from any', async () => {
    await using shop = await Workshop.open();
    const spoilt = quote(two.replaceAll('\t', '        '));
    const clean = quote(quote(two.replace('[2]\n', '')));
    await shop.tree('.', { 't.mbox': mbox([reply(spoilt, 'a@x', 'z@x', 1), reply(clean, 'b@x', 'a@x', 2)]) });
    const report = await take(shop, ['t.mbox']);
    expect(
      report.candidates.map(({ name, file }) => [name, file.source?.quoteDepth, file.source?.notes]),
    ).toEqual([
      ['step-1-1', 2, undefined],
      ['step-1-2', 2, undefined],
    ]);
    expect(report.candidates[0]?.file.source?.author).toBeUndefined();
  });

  test('a review that quotes a patch which is there brings nothing new; one that quotes it alone brings the patch', async () => {
    await using shop = await Workshop.open();
    const mails = seriesMails(1, 2);
    const review = reply(
      `${quote((mails[1] ?? '').split('\n\n').slice(1).join('\n\n'))}\nNice.\n`,
      'r@x',
      'v1.1@example.org',
      200,
    );
    await shop.tree('.', { 't.mbox': mbox([...mails, review]), 'r.eml': review });
    expect(names(await take(shop, ['t.mbox']))).toEqual({ 'all-the-steps': 2 });
    expect(names(await take(shop, ['r.eml']))).toEqual({ 'step-1-diff': 1 });
  });

  test('quoted fragments are passed over and counted; alone they are nothing to apply', async () => {
    await using shop = await Workshop.open();
    const part = `${quote(diffAdding('a();').split('\n').slice(0, 7).join('\n'))}\n\nNo.\n`;
    await shop.tree('.', {
      'r.eml': reply(part, 'r@x', 'y@x', 1),
      't.mbox': mbox([...seriesMails(1, 2), reply(part, 'r@x', 'y@x', 1)]),
    });
    await expect(take(shop, ['r.eml'])).rejects.toThrow(
      'nothing to apply: no whole diff stands in the text. 1 is quoted, but none as a whole.',
    );
    expect((await take(shop, ['t.mbox'])).fragments).toBe(1);
  });
});

describe('what is written', () => {
  test('the same input twice changes nothing; another candidate of the name is not overwritten without being told', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'x.diff': diffAdding('a();') });
    expect((await take(shop, ['x.diff'])).candidates[0]?.written).toBe('new');
    expect((await take(shop, ['x.diff'])).candidates[0]?.written).toBe('unchanged');
    await shop.tree('.', { 'x.diff': diffAdding('b();') });
    await expect(take(shop, ['x.diff'])).rejects.toMatchObject({ code: 'CANDIDATE_EXISTS', exitCode: 2 });
    expect(await written(shop, 'x', '0001-x.patch')).toContain('a();');
    expect((await take(shop, ['x.diff'], { force: true })).candidates[0]?.written).toBe('replaced');
    expect(await written(shop, 'x', '0001-x.patch')).toContain('b();');
    expect(await readdir(path.join(shop.dir, 'out'))).toEqual(['x']);
  });

  test('nothing, when only asked what there is; under a name that was given', async () => {
    await using shop = await Workshop.open();
    await shop.tree('.', { 'x.diff': diffAdding('a();') });
    expect(names(await take(shop, ['x.diff'], { dryRun: true, name: 'mine' }))).toEqual({ mine: 1 });
    expect(await readdir(shop.dir)).toEqual(['x.diff']);
  });

  test('no control sequence of the mail reaches the candidate', async () => {
    await using shop = await Workshop.open();
    const evil = '\u001b]0;x\u0007\u202e';
    const text = mail({
      subject: `[PATCH] x: ${evil}y`,
      from: `${evil} <a@x>`,
      body: `${evil}\n---\n${diffAdding('a();')}`,
    });
    const report = await take(shop, ['-'], { sources: ['-'], stdin: Readable.from([text]) });
    expect(JSON.stringify(report)).not.toMatch(/\\u001b|\\u0007|\u202e/);
    expect(report.candidates).toHaveLength(1);
  });
});
