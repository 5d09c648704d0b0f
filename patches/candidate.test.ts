import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { base, listCandidates, loadCandidate } from './candidate.ts';
import { dataRoot, storedPath } from './catalogue.ts';
import { text, Workshop } from './fixtures.ts';

const diff = '--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n';
const described = {
  title: 'T',
  origin: 'O',
  kind: 'design',
  trees: ['debian:6.1'],
  patches: ['0001-x.patch'],
};

async function rootWith(shop: Workshop, json: unknown, extra: Record<string, string> = {}): Promise<string> {
  const body = typeof json === 'string' ? json : JSON.stringify(json);
  return shop.tree('root', {
    'candidates/1-one/candidate.json': body,
    'candidates/1-one/0001-x.patch': diff,
    'candidates/1-one/README.md': '# One\n',
    'mutants/broken-lock/candidate.json': JSON.stringify({ ...described, kind: 'mutant' }),
    'mutants/broken-lock/0001-x.patch': diff,
    ...extra,
  });
}

describe('loadCandidate', () => {
  test('base is the empty series', async () => {
    expect(await loadCandidate('base')).toBe(base);
    expect(base.patches).toEqual([]);
  });

  test('a stored candidate and a stored mutant by name', async () => {
    await using shop = await Workshop.open();
    const expectation = { verdict: 'accept', detectors: [] };
    const root = await rootWith(shop, { ...described, expect: { verdict: 'accept' }, description: 'D' });
    const one = await loadCandidate('1-one', root);
    expect(one).toMatchObject({
      name: '1-one',
      title: 'T',
      origin: 'O',
      description: 'D',
      expect: expectation,
    });
    expect(one.patches.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['0001-x.patch', diff],
    ]);
    expect(await loadCandidate('mutants/broken-lock', root)).toMatchObject({ kind: 'mutant' });
    expect((await listCandidates(root)).map(({ name }) => name)).toEqual(['1-one', 'mutants/broken-lock']);
  });

  test('patches apply in the order that candidate.json gives', async () => {
    await using shop = await Workshop.open();
    const json = { ...described, patches: ['b.patch', '0001-x.patch'] };
    const root = await rootWith(shop, json, { 'candidates/1-one/b.patch': diff });
    expect((await loadCandidate('1-one', root)).patches.map(({ name }) => name)).toEqual([
      'b.patch',
      '0001-x.patch',
    ]);
  });

  test('an unknown name is answered with the nearest ones', async () => {
    await using shop = await Workshop.open();
    const root = await rootWith(shop, described);
    await expect(loadCandidate('1-on', root)).rejects.toMatchObject({
      code: 'UNKNOWN_CANDIDATE',
      exitCode: 2,
    });
    await expect(loadCandidate('1-on', root)).rejects.toThrow('called "1-on". Did you mean 1-one?');
    await expect(loadCandidate('brokenlock', root)).rejects.toThrow('Did you mean mutants/broken-lock?');
    await expect(loadCandidate('broken-lock', root)).rejects.toThrow('Did you mean mutants/broken-lock?');
    await expect(loadCandidate('zzzzzzzz', root)).rejects.toThrow(
      'Stored candidates: base, 1-one, mutants/broken-lock.',
    );
    await expect(loadCandidate('../root/candidates/1-one', root)).rejects.toThrow('no candidate and no file');
  });

  const invalid: readonly (readonly [string, unknown, string])[] = [
    ['an unknown key', { ...described, tittle: 'x' }, 'Unrecognized key: "tittle"'],
    [
      'an unknown key deeper down',
      { ...described, expect: { verdict: 'accept', detector: [] } },
      '"detector"',
    ],
    [
      'a detector that there is not',
      { ...described, expect: { verdict: 'reject', profile: 'kasan', detectors: ['luck'] } },
      'at expect.detectors[0]',
    ],
    ['a missing key', { ...described, title: undefined }, 'at title'],
    ['an unknown kind', { ...described, kind: 'idea' }, 'at kind'],
    ['a patch out of the directory', { ...described, patches: ['../x.patch'] }, 'plain name of a file'],
    [
      'a patch named twice',
      { ...described, patches: ['0001-x.patch', '0001-x.patch'] },
      'names a patch twice',
    ],
    [
      'a patch that is not there',
      { ...described, patches: ['0002-y.patch'] },
      '0002-y.patch, which is not in',
    ],
    [
      'a patch that is not listed',
      { ...described, patches: [] },
      '0001-x.patch, but candidate.json does not list',
    ],
    ['broken JSON', '{"title": ', 'is no JSON'],
  ];
  test.for(invalid)('%s in candidate.json', async ([, json, message]) => {
    await using shop = await Workshop.open();
    const loading = loadCandidate('1-one', await rootWith(shop, json));
    await expect(loading).rejects.toMatchObject({ code: 'INVALID_CANDIDATE', exitCode: 2 });
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(/candidates\/1-one/);
  });
});

describe('loadCandidate of a path', () => {
  test('one patch file takes its title from the subject', async () => {
    await using shop = await Workshop.open();
    const [mail = ''] = await shop.formatPatch([{ 'a.c': 'a\n' }, { 'a.c': 'b\n' }]);
    const file = path.join(shop.dir, 'fix.patch');
    await writeFile(file, mail);
    const candidate = await loadCandidate(file);
    expect(candidate).toMatchObject({ name: 'fix', title: 'step 1', origin: file, kind: 'patch', trees: [] });
  });

  test('a directory of patches, without its cover letter, in the order of their names', async () => {
    await using shop = await Workshop.open();
    const dir = await shop.tree('series', {
      'v2-0002-b.patch': diff,
      'v2-0001-a.patch': diff,
      'v2-0000-cover-letter.patch': 'Subject: [PATCH v2 0/2] cover\n\nWords.\n',
      'notes.txt': 'no patch',
    });
    const candidate = await loadCandidate(dir);
    expect(candidate.patches.map(({ name }) => name)).toEqual(['v2-0001-a.patch', 'v2-0002-b.patch']);
    expect(candidate.name).toBe('series');
  });

  test('a directory with a candidate.json', async () => {
    await using shop = await Workshop.open();
    const root = await rootWith(shop, described);
    expect(await loadCandidate(path.join(root, 'candidates/1-one'))).toMatchObject({
      name: '1-one',
      title: 'T',
    });
  });

  const encodings: readonly (readonly [string, (body: string) => string])[] = [
    ['base64', (body) => Buffer.from(body).toString('base64')],
    ['quoted-printable', (body) => body.replaceAll('=', '=3D').replaceAll('context line', 'context =\nline')],
  ];
  test.for(encodings)('a mail in %s', async ([encoding, encode]) => {
    await using shop = await Workshop.open();
    const body = `Words.\n\n---\n${diff.replace('-1 +1', '-1,2 +1,2')} context line = 1\n`;
    const head = `From: A <a@example.org>\nSubject: Re: [PATCH v3 2/7] io_uring: do\n it\nDate: Mon, 4 Jan 2021 00:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: ${encoding}\n`;
    const file = path.join(shop.dir, 'mail.eml');
    await writeFile(file, `${head}\n${encode(body)}\n`);
    const candidate = await loadCandidate(file);
    expect(Buffer.from(candidate.patches[0]?.bytes ?? []).toString()).toContain('\n context line = 1\n');
    expect(candidate.title).toBe('io_uring: do it');
  });

  test('what is no candidate says why', async () => {
    await using shop = await Workshop.open();
    const dir = await shop.tree('nothing', { 'a.txt': 'x', 'mail.eml': 'Subject: hello\n\nNo patch.\n' });
    await expect(loadCandidate(dir)).rejects.toThrow('holds neither a candidate.json nor any *.patch file');
    await expect(loadCandidate(path.join(dir, 'mail.eml'))).rejects.toMatchObject({
      code: 'EMPTY_PATCH',
      exitCode: 2,
    });
    await expect(loadCandidate('/dev/null')).rejects.toThrow('neither a directory nor a regular file');
    const evil = path.join(dir, 'evil.patch');
    await writeFile(evil, '--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n');
    await expect(loadCandidate(evil)).rejects.toMatchObject({ code: 'UNSAFE_PATCH', exitCode: 2 });
  });
});

describe('the stored candidates', () => {
  test('all load, have a README, and say what a working suite makes of them', async () => {
    const all = await listCandidates();
    expect(all.map(({ name }) => name)).toContain('2-lookup-under-uring-lock');
    for (const { name, kind, expect: expectation, patches } of all) {
      await access(path.join(storedPath(dataRoot(), name), 'README.md'));
      expect(kind, name).toBe(name.startsWith('mutants/') ? 'mutant' : 'design');
      // A design may be rejected for what it is meant to do; a mutant must be.
      if (kind === 'mutant') expect(expectation?.verdict, name).toBe('reject');
      expect(patches.length, name).toBeGreaterThan(0);
      // A mutant that says which detector must speak is what makes a missed one a defect of the suite.
      expect((expectation?.detectors.length ?? 0) > 0, name).toBe(expectation?.verdict === 'reject');
      for (const { bytes } of patches)
        expect(text([Buffer.from(bytes).toString()])).toMatch(/\nSigned-off-by: /);
    }
  });
});
