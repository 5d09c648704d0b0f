import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { madeHistory, madeRun } from '../../bench/made-run.ts';
import type { LoadedRun } from '../../load-run.ts';
import { aMatrix, everyStatus } from '../fixtures.ts';
import { collectPage, type PageContent } from './collect.ts';
import { dossiersOf } from './dossiers.ts';
import { attack, hostileRun } from './fixtures.ts';
import { visible } from './visible.ts';

describe('text is made visible', () => {
  test.each([
    ['plain\ttext\n', 'plain\ttext\n'],
    ['\u202eabc\u2066', '⟨U+202E⟩abc⟨U+2066⟩'],
    ['a\u0000b\u001b[2J\u0007\u007f\u009b', 'a␀b␛[2J␇␡⟨U+009B⟩'],
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['a\u200bb\u00adc\ufeffd\u{e0041}e', 'a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩d⟨U+E0041⟩e'],
    ['\ud800', '\ufffd'],
    ['one\r\ntwo\rthree', 'one\ntwo␍three'],
    ['größer → ✓', 'größer → ✓'],
  ])('%j', (text, shown) => expect(visible(text)).toBe(shown));
});

describe('a trial with evidence', () => {
  let directory: string;
  let run: LoadedRun;
  let page: PageContent;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-page-'));
    run = await hostileRun(directory);
    page = await collectPage(run);
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('no text in it can deceive', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const deceiving = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;
    const texts: string[] = [];
    JSON.stringify(page, (key, value: unknown) => {
      texts.push(key, ...(typeof value === 'string' ? [value] : []));
      return value;
    });
    expect(texts.filter((text) => deceiving.test(text))).toEqual([]);
    expect(texts.join('\n')).toContain('⟨U+202E⟩');
  });

  test('the console round a report is there, with the report folded and its landmarks', () => {
    const { excerpt, svg } = page.reports[0] ?? {};
    expect(excerpt?.before.slice(0, 3)).toEqual([attack, '⟨U+202E⟩txet denrut⟨U+202C⟩', 'red ␛[2Jcleared ␀']);
    expect(excerpt?.after).toEqual([`after it ${attack}`]);
    expect(excerpt?.report.some(({ type }) => type === 'fold')).toBe(true);
    for (const { line, label } of excerpt?.landmarks ?? []) {
      const part = excerpt?.report[line];
      expect(part?.type === 'line' ? part.text : part?.lines.join()).toContain(label);
    }
    expect(excerpt?.landmarks.map(({ label }) => label)).toContain(
      '-> #1 (&ctx->buf_table_lock){+.+.}-{3:3}:',
    );
    expect(svg).toContain('class="graph lock&#45;graph"');
  });

  test('the hunk that the attribution names is blamed, and no other', () => {
    const hunks = page.reports[0]?.sightings[0]?.hunks ?? [];
    expect(hunks).toHaveLength(1);
    expect(hunks[0]).toMatchObject({ file: 'io_uring/rw.c', because: 'io_import_iovec' });
    expect(hunks[0]?.lines.join('\n')).toContain('mutex_lock(&ctx->buf_table_lock)');
  });

  test('a patch that is not the one that was tried is not shown', async () => {
    const [trial] = run.trials;
    const verdict = trial?.verdict;
    if (!trial || !verdict) throw new Error('no trial');
    const candidate = { ...verdict.candidate, patches: [{ name: '1.patch', sha256: 'f'.repeat(64) }] };
    const other = await collectPage({ ...run, trials: [{ ...trial, verdict: { ...verdict, candidate } }] });
    expect(other.reports[0]?.sightings[0]).toMatchObject({
      hunks: [],
      noHunks: '1.patch is neither in the run directory nor stored, as it was tried.',
    });
  });

  test('what files of known reports accept, by trial, and what became of each entry', async () => {
    const [trial] = run.trials;
    const verdict = trial?.verdict;
    const [first, ...others] = verdict?.reports ?? [];
    if (!trial || !verdict || !first) throw new Error('no report');
    const known = { reason: `harmless ${attack}\u202e`, link: 'javascript:alert(1)', expires: '2027-03-31' };
    const entry = { ...known, name: first.signature, state: 'seen' as const, seen: 1 };
    const reports = [{ ...first, new: false, known }, ...others];
    const accepting = { ...trial, verdict: { ...verdict, reports, knownReports: [entry] } };
    const { index } = await collectPage({ ...run, trials: [trial, accepting] });
    expect(index.reports[0]).toMatchObject({
      isNew: true,
      trials: [0, 1],
      known: [{ trial: 1, reason: `harmless ${attack}⟨U+202E⟩`, expires: '2027-03-31' }],
    });
    expect(index.reports[1]?.known).toEqual([]);
    expect(index.known).toMatchObject([{ trial: 1, name: first.signature, state: 'seen', seen: 1 }]);
  });

  test("a hang's dossier is there", () => {
    const [dossier] = page.trials[0]?.dossiers ?? [];
    expect(dossier).toMatchObject({ program: 'evil', side: 'candidate', repetition: '1' });
    expect(dossier?.files[0]?.text).toContain(attack);
    expect(page.trials[0]?.dossiersLeft).toBe(0);
  });

  test('a hang under a schedule has a dossier, too; what is left out is counted', async () => {
    const other = await mkdtemp(path.join(tmpdir(), 'ringtrial-page-'));
    const places = [
      'base/repetition-1',
      ...[2, 10].map((number) => `candidate/schedule-${number}/repetition-1`),
    ];
    for (const place of places)
      for (let index = 0; index < 5; index++)
        await mkdir(path.join(other, place, `program-${index}.hang`), { recursive: true });
    const { dossiers, left } = await dossiersOf(other);
    expect(left).toBe(3);
    expect(dossiers.map(({ side, schedule }) => `${side} ${schedule}`)).toEqual([
      ...Array<string>(5).fill('candidate 2'),
      ...Array<string>(5).fill('candidate 10'),
      ...Array<string>(2).fill('base undefined'),
    ]);
    await rm(other, { recursive: true });
  });
});

test('schedules come with how many tests failed under each; lines of a test that are left out are counted', async () => {
  const verdict = everyStatus();
  const [test] = verdict.tests;
  if (!test) throw new Error('no test');
  const byNumber = [
    { schedule: 1, counts: { PASS: 1 } },
    { schedule: 2, counts: { FAIL: 1 } },
  ];
  const candidate = { ...test.candidate, schedules: byNumber, diagnostics: Array<string>(45).fill('line') };
  const schedules = [1, 2].map((number) => ({ number, text: `${number} vCPUs`, vcpus: number, seed: '1' }));
  const run = aMatrix({ ...verdict, schedules, tests: [{ ...test, candidate }] });
  const { trials } = await collectPage(run);
  expect(trials[0]?.schedules).toEqual([
    { number: 1, text: '1 vCPUs', base: 0, candidate: 0 },
    { number: 2, text: '2 vCPUs', base: 0, candidate: 1 },
  ]);
  expect(trials[0]?.tests[0]?.candidate).toMatchObject({ left: 5 });
});

test('a trial without a verdict is there, and why', async () => {
  const { index, trials } = await collectPage(aMatrix(everyStatus()));
  expect(index.trials.at(-1)).toMatchObject({
    verdict: 'missing',
    summary: 'its kernel was never built',
    cells: [],
  });
  expect(trials.at(-1)).toBeNull();
});

test('evidence that has been moved away is told', async () => {
  const shape = { candidates: 8, trees: 2, profiles: 1, tests: 20, repetitions: 1, history: 3 };
  const { reports, index } = await collectPage(madeRun(shape), madeHistory(shape));
  expect(reports.length).toBeGreaterThan(0);
  expect(reports[0]?.excerpt.missing).toMatch(/console\.log cannot be read \(ENOENT\)/);
  expect(index.trials[0]?.cells[0]?.at(-1)).toMatch(/^[FP]{3}$/);
});
