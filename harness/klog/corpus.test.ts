import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ratio } from './corpus.ts';
import { readGolden, scoreGoldens, scoreHeaders, withManifest } from './corpus.ts';

/** Golden files are data from outside; where they lie is told by the environment. */
const CORPUS = process.env['RINGTRIAL_CORPUS'];
const absent = CORPUS === undefined ? ' (skipped: RINGTRIAL_CORPUS does not name a corpus directory)' : '';

const share = ({ right, of }: Ratio): number => right / of;

describe('readGolden', () => {
  test('splits header, log and report', () => {
    const golden = readGolden(
      '7',
      Buffer.from(
        '# why\nTITLE: WARNING in foo\nALT: a\nALT: b\nTYPE: WARNING\nCORRUPTED: Y\nSTART: two\n\none\ntwo\n\nREPORT:\nx\n',
      ),
    );
    expect(golden.expected).toEqual({
      title: 'WARNING in foo',
      alt: ['a', 'b'],
      type: 'WARNING',
      frame: 'foo',
      corrupted: true,
      start: 4,
    });
    expect(Buffer.from(golden.log).toString()).toBe('one\ntwo\n');
  });

  test('a file that begins with a blank line expects nothing', () => {
    const golden = readGolden('8', Buffer.from('\nall is well\n'));
    expect(golden.expected.title).toBe('');
    expect(Buffer.from(golden.log).toString()).toBe('all is well\n');
  });
});

describe('scoreGoldens', () => {
  test('counts what is right and names what is not', () => {
    const score = scoreGoldens([
      readGolden(
        'good',
        Buffer.from(
          'TITLE: BUG: workqueue lockup\n\n[    1.000000] BUG: workqueue lockup - pool cpus=0 stuck for 40s!\n',
        ),
      ),
      readGolden(
        'bad',
        Buffer.from(
          'TITLE: something else\n\n[    1.000000] BUG: workqueue lockup - pool cpus=0 stuck for 40s!\n',
        ),
      ),
      readGolden('missed', Buffer.from('TITLE: x\n\nall is well\n')),
      readGolden('quiet', Buffer.from('\nall is well\n')),
    ]);
    expect(score.recall).toEqual({ right: 2, of: 3 });
    expect(score.falsePositives).toEqual({ right: 0, of: 1 });
    expect(score.fields.title).toEqual({ right: 1, of: 2 });
    expect(score.misses.map((m) => `${m.name} ${m.field}`)).toEqual([
      'bad title',
      'bad titleOrAlt',
      'missed detection',
    ]);
  });
});

describe.skipIf(CORPUS === undefined)(`the corpus${absent}`, () => {
  const dir = CORPUS ?? '';

  test('golden files reach the goals', () => {
    const folder = path.join(dir, 'syzkaller', 'report');
    const goldens = readdirSync(folder).map((name) =>
      readGolden(name, readFileSync(path.join(folder, name))),
    );
    const manifest = path.join(dir, 'syzkaller', 'manifest.jsonl');
    const score = scoreGoldens(
      existsSync(manifest) ? withManifest(goldens, readFileSync(manifest, 'utf8')) : goldens,
    );
    expect(score.recall.right).toBe(score.recall.of);
    expect(score.falsePositives.right).toBe(0);
    expect(share(score.fields.start)).toBeGreaterThanOrEqual(0.99);
    expect(share(score.fields.corrupted)).toBeGreaterThanOrEqual(0.97);
    expect(share(score.fields.title)).toBeGreaterThanOrEqual(0.95);
    expect(share(score.fields.titleOrAlt)).toBeGreaterThanOrEqual(0.97);
  });

  test('every header line is recognised under every prefix', () => {
    const table = readFileSync(path.join(dir, 'headers.tsv'), 'utf8');
    for (const [form, result] of Object.entries(scoreHeaders(table)))
      expect({ form, missed: result.missed }).toEqual({ form, missed: [] });
  });
});
