import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { aPoint, aReport, judged, observed } from './fixtures.ts';
import { type KnownReport, KnownReports, loadKnownReports } from './known-reports.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-known-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const about = { reason: 'harmless', link: 'https://example.org/1', expires: '2026-12-31' };
const on = (day: string, entries: readonly KnownReport[], kernel = '6.1.192'): KnownReports =>
  new KnownReports(entries, { day: new Date(`${day}T12:00:00Z`), kernel });

const base = observed([aPoint('p', 'PASS')]);
const complains = observed([aPoint('p', 'FAIL', { own: 'PASS', reports: ['sig'] })], {
  reports: [aReport('sig')],
});

const verdictWith = (known: KnownReports) => judged(base, complains, { known });

describe('a known report', () => {
  test('is shown, and does not reject', () => {
    const judgement = verdictWith(on('2026-06-01', [{ signature: 'sig', ...about }]));
    expect(judgement.verdict).toBe('accepted');
    expect(judgement.reports).toMatchObject([{ signature: 'sig', new: false, known: about }]);
    expect(judgement.knownReports).toMatchObject([{ name: 'sig', state: 'seen', seen: 1 }]);
  });

  test('holds on its last day, and not on the next', () => {
    const entries = [{ title: 'sig', ...about }];
    expect(verdictWith(on('2026-12-31', entries)).verdict).toBe('accepted');
    const late = verdictWith(on('2027-01-01', entries));
    expect(late.verdict).toBe('rejected');
    expect(late.knownReports).toMatchObject([{ state: 'expired', seen: 1 }]);
  });

  test('holds on its kernels only', () => {
    const entries = [{ signature: 'sig', kernels: '>=6.12', ...about }];
    expect(verdictWith(on('2026-06-01', entries)).verdict).toBe('rejected');
    expect(verdictWith(on('2026-06-01', entries, '6.12.1')).verdict).toBe('accepted');
  });

  test.each(['si', '.*', '*', 'SIG', 'sig2'])('is named whole: %s names nothing', (signature) => {
    const judgement = verdictWith(on('2026-06-01', [{ signature, ...about }]));
    expect(judgement.verdict).toBe('rejected');
    expect(judgement.knownReports).toMatchObject([{ state: 'not seen', seen: 0 }]);
  });

  test('hides no other one', () => {
    const two = observed(complains.points, { reports: [aReport('sig'), aReport('other')] });
    const known = on('2026-06-01', [{ signature: 'sig', ...about }]);
    expect(judged(base, two, { known }).reasons.map(({ subject }) => subject)).toEqual(['other']);
  });
});

describe('loadKnownReports', () => {
  const load = (content: unknown): Promise<readonly KnownReport[]> => {
    const file = path.join(scratch, 'known.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return loadKnownReports(file);
  };
  const entry = { signature: 'sig', ...about };

  test('reads what it should', async () => {
    expect(await load({ reports: [entry, { title: 'a whole title', ...about }] })).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    ['no JSON', '{'],
    ['an unknown key', { reports: [{ ...entry, pattern: '.*' }] }],
    ['an unknown key beside the list', { reports: [], all: true }],
    ['both a signature and a title', { reports: [{ ...entry, title: 'x' }] }],
    ['neither', { reports: [about] }],
    ['no reason', { reports: [{ ...entry, reason: ' ' }] }],
    ['no link', { reports: [{ ...entry, link: 'see mail' }] }],
    ['a date that is none', { reports: [{ ...entry, expires: '2026-02-30' }] }],
    ['one entry twice', { reports: [entry, entry] }],
  ])('refuses %s', async (_, content) => {
    await expect(load(content)).rejects.toMatchObject({ code: 'KNOWN_REPORTS' });
  });

  test('a file that is not there is told', async () => {
    await expect(loadKnownReports(path.join(scratch, 'none'))).rejects.toThrow('none');
  });
});
