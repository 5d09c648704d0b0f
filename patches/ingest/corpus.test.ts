import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Workshop } from '../fixtures.ts';
import { runGit } from '../git.ts';
import { NothingToApplyError } from './errors.ts';
import { ingest } from './ingest.ts';
import type { Ingested, Report } from './report.ts';

/** A directory with `mail/KIND-*.eml` and `thread-2021/*.eml`: real mails, which are not part of the project. */
const corpus = process.env['RINGTRIAL_CORPUS'] ?? '';
const absent = !existsSync(path.join(corpus, 'mail')) || corpus === '';
const why = absent ? ' (RINGTRIAL_CORPUS names no directory with mails: not run)' : '';

const mails = absent ? [] : readdirSync(path.join(corpus, 'mail')).filter((name) => name.endsWith('.eml'));

/** What git makes of a mail: `added removed path` for each file, and nothing when git finds no patch. */
async function reference(shop: Workshop, raw: Uint8Array): Promise<string[]> {
  await runGit({ cwd: shop.dir, args: ['mailinfo', 'message', 'diff'], input: raw });
  return numstat(shop, await readFile(path.join(shop.dir, 'diff')));
}

async function numstat(shop: Workshop, diff: Uint8Array): Promise<string[]> {
  const { exitCode, stdout } = await runGit({
    cwd: shop.dir,
    args: ['apply', '--numstat', '-'],
    input: diff,
  });
  return exitCode === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}

async function patchId(shop: Workshop, diff: Uint8Array): Promise<string> {
  return (
    (await runGit({ cwd: shop.dir, args: ['patch-id', '--stable'], input: diff })).stdout.split(' ')[0] ?? ''
  );
}

async function taken(shop: Workshop, name: string): Promise<Report | undefined> {
  const out = path.join(shop.dir, 'out', name);
  await mkdir(out, { recursive: true });
  return ingest({ sources: [path.join(corpus, 'mail', name)], out }).catch((error: unknown) => {
    if (error instanceof NothingToApplyError) return undefined;
    throw error;
  });
}

async function bytesOf(shop: Workshop, mail: string, candidate: Ingested): Promise<Buffer[]> {
  const dir = path.join(shop.dir, 'out', mail, candidate.name);
  return Promise.all(candidate.file.patches.map((patch) => readFile(path.join(dir, patch))));
}

/** The sender's own diffs, not those that are quoted. */
const own = (report: Report | undefined): Ingested[] =>
  (report?.candidates ?? []).filter(({ file }) => (file.source?.quoteDepth ?? 0) === 0);

describe(`real mails${why}`, () => {
  test.skipIf(absent)(
    'git finds the same files and lines in each of them, and the same patch',
    { timeout: 300_000 },
    async () => {
      await using shop = await Workshop.open();
      const figures = { patches: 0, nothing: 0 };
      for (const name of mails) {
        const raw = readFileSync(path.join(corpus, 'mail', name));
        const wanted = await reference(shop, raw);
        const patches = (
          await Promise.all(own(await taken(shop, name)).map((one) => bytesOf(shop, name, one)))
        ).flat();
        const got = (await Promise.all(patches.map((bytes) => numstat(shop, bytes)))).flat();
        expect([name, ...got.toSorted()]).toEqual([name, ...wanted.toSorted()]);
        if (wanted.length === 0) figures.nothing += 1;
        else {
          figures.patches += 1;
          const [first] = patches;
          expect(patches).toHaveLength(1);
          const diff = await readFile(path.join(shop.dir, 'diff'));
          expect([name, await patchId(shop, first ?? Buffer.alloc(0))]).toEqual([
            name,
            await patchId(shop, diff),
          ]);
        }
      }
      expect(figures.patches + figures.nothing).toBe(mails.length);
      expect(figures.patches).toBeGreaterThan(mails.length / 2);
    },
  );

  test.skipIf(absent)('covers and plain discussion hold nothing to apply', async () => {
    await using shop = await Workshop.open();
    for (const name of mails.filter((mail) => /^(?:cover|plain)-/.test(mail))) {
      expect([name, await taken(shop, name)]).toEqual([name, undefined]);
    }
  });
});

const thread = path.join(corpus, 'thread-2021');
const flattened = path.join(corpus, '..', 'thread.txt');

/** What a diff changes, whatever became of its blanks. */
const changes = (patch: string): string[] =>
  patch
    .split('\n')
    .filter((line) => /^[+-](?!\+\+|--)/.test(line))
    .map((line) => line.replaceAll(/\s+/g, ''));

const design1 = ['+.needs_async_data=1,', '+.needs_async_data=1,'];
const design2 = [
  '-returnio_import_fixed(req,rw,iter);',
  '+',
  '+io_ring_submit_lock(req->ctx,needs_lock);',
  '+lockdep_assert_held(&req->ctx->uring_lock);',
  '+ret=io_import_fixed(req,rw,iter);',
  '+io_ring_submit_unlock(req->ctx,needs_lock);',
  '+returnret;',
  '-ret=io_setup_async_rw(req,iovec,inline_vecs,iter,false);',
  '+ret=io_setup_async_rw(req,iovec,inline_vecs,iter,true);',
];

async function labelled(source: string, shop: Workshop): Promise<Record<string, string[][]>> {
  const { candidates } = await ingest({ sources: [source], out: path.join(shop.dir, 'candidates') });
  const found: Record<string, string[][]> = {};
  for (const { name, file } of candidates) {
    const label = file.source?.label;
    if (label === undefined) continue;
    const patch = await readFile(path.join(shop.dir, 'candidates', name, file.patches[0] ?? ''), 'utf8');
    (found[label] ??= []).push(changes(patch.slice(patch.indexOf('diff --git'))));
  }
  return found;
}

describe(`a real thread${why}`, () => {
  test.skipIf(absent || !existsSync(thread))(
    'both diffs of a reply come out once each, with their number',
    async () => {
      await using shop = await Workshop.open();
      expect(await labelled(thread, shop)).toEqual({ 1: [design1], 2: [design2] });
    },
  );

  test.skipIf(absent || !existsSync(flattened))(
    'also out of the text that lost its line breaks',
    async () => {
      await using shop = await Workshop.open();
      expect(await labelled(flattened, shop)).toEqual({ 1: [design1], 2: [design2] });
    },
  );

  test.skipIf(absent || !existsSync(thread))(
    'each reply alone gives both diffs too, at any depth',
    async () => {
      const replies = readdirSync(thread).filter((name) => {
        const text = readFileSync(path.join(thread, name), 'utf8');
        return /^[> ]*\[1\]$/m.test(text) && text.includes('needs_async_data');
      });
      expect(replies.length).toBeGreaterThan(4);
      for (const name of replies) {
        await using shop = await Workshop.open();
        expect([name, await labelled(path.join(thread, name), shop)]).toEqual([
          name,
          { 1: [design1], 2: [design2] },
        ]);
      }
    },
  );

  test.skipIf(absent || !existsSync(thread))(
    'two versions come out as series, the newest first',
    async () => {
      await using shop = await Workshop.open();
      const report = await ingest({ sources: [thread], out: path.join(shop.dir, 'candidates') });
      const series = report.candidates.filter(({ kind }) => kind === 'series');
      expect(series.map(({ status, file }) => [file.source?.version, status, file.patches.length])).toEqual([
        [4, 'newest', 13],
        [3, 'superseded', 13],
      ]);
      expect(report.incomplete).toEqual([]);
      const third = await ingest({ sources: [thread], out: path.join(shop.dir, 'v3'), version: 3 });
      expect(
        third.candidates.filter(({ kind }) => kind === 'series').map(({ file }) => file.source?.version),
      ).toEqual([3]);
    },
  );
});
