import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { applySeries } from '../apply.ts';
import { loadCandidate } from '../candidate.ts';
import { Workshop } from '../fixtures.ts';
import { diffAdding, mail, mbox, names, seriesMails, take, written } from './fixtures.ts';
import { loadMail, messagesIn } from './mbox.ts';

async function repository(shop: Workshop): Promise<(...args: string[]) => Promise<string>> {
  const dir = await shop.tree('repo', { 'init/a.c': 'one\ntwo\nthree\n' });
  const git = async (...args: string[]): Promise<string> =>
    (
      await execa('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], { cwd: dir })
    ).stdout.trim();
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'start');
  return git;
}

async function commit(
  shop: Workshop,
  git: (...args: string[]) => Promise<string>,
  file: string,
  text: string,
): Promise<void> {
  await shop.tree('repo', { [file]: text });
  await git('add', '.');
  await git(
    'commit',
    '--quiet',
    '-m',
    `io_uring: change ${path.basename(file)}\n\nWhy ${file}.\n\nFixes: 123456789abc ("x")`,
  );
}

describe('commits', () => {
  test('a range becomes a series that fits its own base, whatever the repository has configured', async () => {
    await using shop = await Workshop.open();
    const git = await repository(shop);
    const base = await git('rev-parse', 'HEAD');
    await commit(shop, git, 'init/a.c', 'ONE\ntwo\nthree\n');
    await commit(shop, git, 'init/b.c', 'new\n');
    for (const [name, value] of [
      ['diff.noprefix', 'true'],
      ['format.attach', 'true'],
      ['format.numbered', 'false'],
      ['diff.external', 'false'],
      ['format.signature', 'S'],
    ] as const)
      await git('config', name, value);
    const report = await take(shop, ['repo@HEAD~2..']);
    const [candidate] = report.candidates;
    expect(candidate).toMatchObject({
      kind: 'stack',
      file: {
        patches: ['0001-change-a-c.patch', '0002-change-b-c.patch'],
        trees: [`${path.join(shop.dir, 'repo')}@${base}`],
      },
    });
    expect(candidate?.file.source).toMatchObject({ baseCommit: base, fixes: ['123456789abc ("x")'] });
    await git('checkout', '--quiet', base);
    const loaded = await loadCandidate(path.join(shop.dir, 'out', candidate?.name ?? ''));
    const { changes, fit } = await applySeries(path.join(shop.dir, 'repo'), loaded);
    expect([fit, changes.map(({ content }) => content && Buffer.from(content).toString())]).toEqual([
      'exact',
      ['ONE\ntwo\nthree\n', 'new\n'],
    ]);
  });

  test('one commit has its own name; merges are left out and named', async () => {
    await using shop = await Workshop.open();
    const git = await repository(shop);
    await git('checkout', '--quiet', '-b', 'side');
    await commit(shop, git, 'init/c.c', 'c\n');
    await git('checkout', '--quiet', 'main');
    await commit(shop, git, 'init/a.c', 'ONE\ntwo\nthree\n');
    await git('merge', '--quiet', '--no-edit', 'side');
    const one = await take(shop, ['repo@side~1..side']);
    expect(names(one)).toEqual({ 'change-c-c': 1 });
    const report = await take(shop, ['repo@main~1..main'], { name: 'merged' });
    expect(report.candidates[0]?.file.source?.notes).toContain(
      'a merge in main~1..main cannot be a patch and was left out',
    );
  });

  test.for([
    ['a ref alone', 'repo@HEAD', '"HEAD" is no range of commits. Write'],
    ['an empty range', 'repo@HEAD..HEAD', 'has no commit that could be a patch'],
    ['an unknown commit', 'repo@nope..HEAD', 'has no commit "nope"'],
    ['what looks like an option', 'repo@--output=x..HEAD', 'has no commit "--output=x"'],
    ['no repository', 'plain@A..B', 'is no git repository'],
  ] as const)('%s', async ([, source, message]) => {
    await using shop = await Workshop.open();
    await repository(shop);
    await shop.tree('plain', { a: 'a' });
    const refused = take(shop, [source]);
    await expect(refused).rejects.toMatchObject({ code: 'GIT_SOURCE', exitCode: 2 });
    await expect(refused).rejects.toThrow(message);
  });
});

describe('a work tree', () => {
  const changed = async (shop: Workshop) => {
    const git = await repository(shop);
    await shop.tree('repo', {
      'init/a.c': 'ONE\ntwo\nthree\n',
      'init/new.c': 'n\n',
      'init/b.o': 'x\n',
      '.gitignore': '*.o\n',
    });
    await git('add', '.gitignore');
    return git;
  };

  test('what is not committed, staged or not; new files are named, or taken on demand', async () => {
    await using shop = await Workshop.open();
    const git = await changed(shop);
    const before = await git('status', '--porcelain');
    const repo = path.join(shop.dir, 'repo');
    const report = await take(shop, [], { workTrees: [repo] });
    expect(names(report)).toEqual({ 'repo-worktree': 1 });
    expect(report.candidates[0]?.file.source?.notes).toEqual([
      'new files that git does not track were left out: init/new.c (--untracked takes them)',
    ]);
    const name = `0001-${report.candidates[0]?.file.patches[0]?.slice(5)}`;
    expect(await written(shop, 'repo-worktree', name)).not.toContain('new.c');
    await take(shop, [], { workTrees: [path.join(repo, 'init')], untracked: true, name: 'all' });
    const all = await written(shop, 'all', name);
    expect(all).toContain('+++ b/init/new.c');
    expect(all).toContain('+++ b/.gitignore');
    expect(all).not.toContain('b.o');
    expect(await git('status', '--porcelain')).toBe(before);
  });

  test('without a change it says so', async () => {
    await using shop = await Workshop.open();
    await repository(shop);
    await expect(take(shop, [], { workTrees: [path.join(shop.dir, 'repo')] })).rejects.toThrow(
      'has no change that is not committed',
    );
  });
});

describe('directories', () => {
  const patchFiles = async (shop: Workshop): Promise<string[]> =>
    shop.formatPatch(['a\n', 'b\n', 'c\n'].map((text) => ({ 'init/a.c': text })));

  test('what git format-patch wrote, with its cover letter; half of it is refused', async () => {
    await using shop = await Workshop.open();
    const [one = '', two = ''] = await patchFiles(shop);
    const cover = one.slice(0, one.indexOf('\n\n')).replace('1/2] step 1', '0/2] io_uring: both');
    await shop.tree('series', {
      '0000-cover-letter.patch': `${cover}\n\nAll of it.\n`,
      '0001-a.patch': one,
      '0002-b.patch': two,
    });
    const report = await take(shop, ['series']);
    expect(names(report)).toEqual({ both: 2 });
    expect(report.candidates[0]?.file.description).toBe('All of it.');
    await rm(path.join(shop.dir, 'series', '0001-a.patch'));
    await expect(take(shop, ['series'])).rejects.toThrow('part 1 of 2 is missing; there is only part 2');
  });

  test('a series of several authors lies in one directory and is one', async () => {
    await using shop = await Workshop.open();
    const [one = '', two = ''] = await patchFiles(shop);
    await shop.tree('series', {
      '1.patch': one
        .replace(/^From: .*$/m, 'From: B <b@example.org>')
        .replace(/^Date: .*$/m, 'Date: Tue, 2 Jan 2001 00:00:00 +0000'),
      '2.patch': two,
    });
    expect(Object.values(names(await take(shop, ['series'])))).toEqual([2]);
  });

  test('patches without numbers are one series in the order of their names', async () => {
    await using shop = await Workshop.open();
    await shop.tree('mine', {
      'b.diff': diffAdding('b();', 'io_uring/b.c'),
      'a.patch': diffAdding('a();', 'io_uring/a.c'),
      README: 'x',
    });
    const report = await take(shop, ['mine']);
    expect(report.candidates[0]).toMatchObject({
      name: 'mine',
      file: { patches: ['0001-mine.patch', '0002-mine.patch'] },
    });
    expect(await written(shop, 'mine', '0001-mine.patch')).toContain('a();');
    await shop.tree('mine', { 'c.patch': 'nothing\n' });
    await expect(take(shop, ['mine'])).rejects.toThrow('c.patch of the directory mine has no diff');
  });

  test('a quilt series, in its order', async () => {
    await using shop = await Workshop.open();
    const files = {
      'patches/z.patch': `First.\n\n${diffAdding('z();')}`,
      'patches/sub/a.patch': diffAdding('a();', 'io_uring/a.c'),
    };
    await shop.tree('q', {
      ...files,
      'patches/series': '# what we have\nz.patch -p1 # really\n\nsub/a.patch\n',
      'patches/unused.patch': 'x',
    });
    const report = await take(shop, ['q']);
    expect(names(report)).toEqual({ q: 2 });
    expect(await written(shop, 'q', '0001-q.patch')).toContain('z();');
  });

  test.for([
    ['a patch that is not there', 'gone.patch\n', 'lists gone.patch, which is not there'],
    ['a way out', '../../x.patch\n', 'is not below the series'],
    ['another strip level', 'z.patch -p0\n', 'the option -p0; only -p1'],
    ['nothing', '# empty\n', 'lists no patch'],
  ] as const)('a quilt series with %s', async ([, series, message]) => {
    await using shop = await Workshop.open();
    await shop.tree('q', { series, 'z.patch': diffAdding('z();') });
    const refused = take(shop, ['q']);
    await expect(refused).rejects.toMatchObject({ code: 'QUILT_SERIES' });
    await expect(refused).rejects.toThrow(message);
  });

  test('a maildir, and a directory of mails and mboxes', async () => {
    await using shop = await Workshop.open();
    const [cover = '', one = '', two = ''] = seriesMails(1, 2);
    await shop.tree('md', { 'cur/1:2,S': cover, 'cur/2:2,S': one, 'new/3': two, 'tmp/4': 'x' });
    expect(names(await take(shop, ['md']))).toEqual({ 'all-the-steps': 2 });
    await shop.tree('dir', { 'a.mbox': mbox([cover, one]), 'b.eml': two, '.hidden': 'x' });
    expect(names(await take(shop, ['dir']))).toEqual({ 'all-the-steps': 2 });
    await mkdir(path.join(shop.dir, 'empty'));
    await expect(take(shop, ['empty'])).rejects.toMatchObject({ code: 'NO_SUCH_INPUT' });
  });
});

describe('streams and archives', () => {
  test('standard input, and an mbox that is compressed', async () => {
    await using shop = await Workshop.open();
    const text = mbox(seriesMails(1, 2));
    const piped = await take(shop, [], {
      sources: ['-'],
      stdin: Readable.from([text.slice(0, 700), text.slice(700)]),
    });
    expect(names(piped)).toEqual({ 'all-the-steps': 2 });
    await writeFile(path.join(shop.dir, 't.mbox.gz'), gzipSync(text));
    expect((await take(shop, ['t.mbox.gz'])).candidates[0]?.written).toBe('unchanged');
  });

  test('an mbox is cut into messages exactly, whatever their lines say', async () => {
    await using shop = await Workshop.open();
    const mails = [
      mail({ subject: 'one', body: 'From here on it is prose.\n\n>From escaped\nFrom a b\n' }),
      mail({
        subject: 'two',
        body: `${'x'.repeat(3_000_000)}\nFrom x Tue Jan  2 03:00:00 2024 but no header\n`,
      }),
      mail({ subject: 'three', body: 'end\n' }),
    ];
    const file = path.join(shop.dir, 'm');
    await writeFile(file, mbox(mails));
    const found: string[] = [];
    for await (const ref of messagesIn(file, 'm'))
      found.push((await loadMail(ref)).replace(/^From .*\n/, ''));
    expect(found).toEqual(mails);
  });

  test('an mbox of 50 MB: nothing of it is kept but what is asked for', { timeout: 120_000 }, async () => {
    await using shop = await Workshop.open();
    const file = path.join(shop.dir, 'big.mbox');
    const noise = `${'All work and no play makes a dull list. '.repeat(20)}\n`.repeat(20);
    const chunks = function* (): Generator<string> {
      yield mbox(seriesMails(1, 2));
      for (let i = 0; i < 3300; i += 1) {
        yield mbox([
          mail({
            subject: `Re: matter ${i}`,
            id: `${i}@x`,
            body: `${noise}\n${quoteOf(diffAdding(`n${i % 7}();`))}`,
          }),
        ]);
      }
      yield mbox(seriesMails(2, 3));
    };
    await pipeline(Readable.from(chunks()), createWriteStream(file));
    expect((await stat(file)).size).toBeGreaterThan(50 * 1024 * 1024);
    const program = `
      import { ingest } from ${JSON.stringify(path.join(import.meta.dirname, 'ingest.ts'))};
      const report = await ingest({ sources: [process.argv[1]], out: process.argv[2] });
      console.log(JSON.stringify([report.messages, report.candidates.map((c) => c.name).sort()]));`;
    // Half of the file's size is all the memory that JavaScript gets, program included.
    const args = [
      '--max-old-space-size=24',
      '--input-type=module',
      '--eval',
      program,
      file,
      path.join(shop.dir, 'out'),
    ];
    const { stdout } = await execa(process.execPath, args);
    const diffs = Array.from({ length: 7 }, (_, i) => `matter-${i}-diff`);
    expect(JSON.parse(stdout)).toEqual([3307, ['all-the-steps', 'all-the-steps-v2', ...diffs].toSorted()]);
  });
});

const quoteOf = (text: string): string => text.replaceAll(/^(?=.)/gm, '> ');
