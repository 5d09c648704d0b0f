import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Coverage, coverageSchema } from '../coverage/schema.ts';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile, someCoverage } from './fixtures.ts';
import { reportSchema } from './json.ts';
import { formats, renderRun } from './report.ts';
import { checkTargets, parseTarget, writeCoverage, writeReport } from './write-report.ts';

let place: string;
beforeEach(async () => void (place = await mkdtemp(path.join(tmpdir(), 'ringtrial-report-'))));
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(place, { recursive: true });
});

const stream = new PassThrough() as unknown as NodeJS.WriteStream;

describe('parseTarget', () => {
  test.each([
    ['junit:a:b.xml', { format: 'junit', file: 'a:b.xml' }],
    ['github', { format: 'github', file: undefined }],
    ['json:-', { format: 'json', file: undefined }],
  ])('%s', (text, target) => expect(parseTarget(text)).toEqual(target));

  test.each([
    ['xunit:x', /"xunit" is no format of a report\. There are: terminal, ktap, junit/],
    ['junit:', /names no file/],
  ])('%s is refused', (text, message) => expect(() => parseTarget(text)).toThrow(message));
});

test.each(['terminal', 'ktap', 'junit', 'github', 'markdown', 'json'] as const)(
  '%s says that lines of the patch were never run, and which',
  async (format) => {
    const summary = 'accepted, but 1 of 3 changed lines was never run';
    const verdict = aVerdict([aPair('p', 'PASS')], [], { summary, coverage: someCoverage() });
    const text = await renderRun(aRun(verdict), format, { origin: 'ringtrial', stream });
    expect(text).toContain(summary);
    if (format === 'json')
      expect(JSON.parse(text)).toMatchObject({
        trials: [{ verdict: { coverage: { neverRun: [{ line: 4 }] } } }],
      });
    else expect(text).toContain('io_uring/rw.c:4: return 1;');
  },
);

describe('what "ringtrial coverage" found', () => {
  const coverage: Coverage = {
    ...{ schema: 'ringtrial.coverage/1', summary: 'passed, but 1 of 3 changed lines was never run' },
    ...{ candidate: 'mine', tree: 't', suite: 's', kernel: 'k', points: { PASS: 1 }, directory: '/run' },
    ...{ ...someCoverage('io_uring/<b>.c'), seconds: 5 },
  };

  test.each(['terminal', 'html', 'json'] as const)('is told as %s', async (format) => {
    const file = path.join(place, 'report');
    await writeCoverage(coverage, { format, file });
    const text = await readFile(file, 'utf8');
    expect(text).toContain(coverage.summary);
    if (format === 'json') expect(coverageSchema.parse(JSON.parse(text))).toEqual(coverage);
    else expect(text).toContain(`${format === 'html' ? 'io_uring/&lt;b&gt;.c' : 'io_uring/<b>.c'}:2-3`);
  });

  test('is no verdict', async () => {
    await expect(writeCoverage(coverage, { format: 'junit', file: undefined })).rejects.toThrow(
      /no verdict, and junit is a format of verdicts\. There are: terminal, html, json\.$/,
    );
  });
});

test.each(formats)('%s tells every run: of a trial, of a matrix, hostile', async (format) => {
  for (const run of [aRun(everyStatus()), aMatrix(everyStatus()), aRun(hostile()), aMatrix()]) {
    const text = await renderRun(run, format, { origin: 'ringtrial', stream });
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  }
});

test('json is of its schema, and a trial without a verdict has null', async () => {
  const text = await renderRun(aMatrix(aVerdict([aPair('p', 'PASS')])), 'json', { origin: 'ringtrial' });
  const { trials } = reportSchema.parse(JSON.parse(text));
  expect(trials.map(({ verdict, missing }) => [verdict?.verdict, missing])).toEqual([
    ['accepted', undefined],
    [undefined, 'its kernel was never built'],
  ]);
});

test('github writes the page of the step as well', async () => {
  const [file, summary] = ['out', 'summary'].map((name) => path.join(place, name));
  vi.stubEnv('GITHUB_STEP_SUMMARY', summary);
  await writeReport(aRun(everyStatus()), { format: 'github', file });
  expect(await readFile(file ?? '', 'utf8')).toMatch(/^::error title=/);
  expect(await readFile(summary ?? '', 'utf8')).toMatch(/^### Ringtrial: `mine`/);
});

test.each([
  ['a directory', '.', /is a directory/],
  ['no such directory', 'no/such/file', /cannot be written: ENOENT/],
])('%s is no file for a report, and said so before the work', async (_, name, message) => {
  const targets = [{ format: 'junit', file: path.join(place, name) }] as const;
  await expect(checkTargets(targets)).rejects.toThrow(message);
});

test('an origin that KCIDB would refuse is refused here', async () => {
  const written = writeReport(aRun(everyStatus()), { format: 'kcidb', file: place }, { origin: 'My CI' });
  await expect(written).rejects.toThrow(/lower-case letters/);
});
