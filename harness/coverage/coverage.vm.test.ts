import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { readVerdict } from '../read-verdict.ts';
import { coverage } from './coverage.ts';
import { coverageSchema, type LineCoverage } from './schema.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-coverage-vm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Its requests are all good: the patch's way to refuse one is never taken. */
const program = 'zero-copy-steps';
const trial = { patch: '2-lookup-under-uring-lock', tree: 'debian:6.1', only: [program] };

function expectLookupAlone({ changed, neverRun, unknown, files }: LineCoverage): void {
  expect(unknown).toEqual([]);
  expect(changed).toBeGreaterThan(10);
  expect(neverRun).toMatchObject([{ path: 'io_uring/rw.c', text: expect.stringContaining('ERR_PTR(ret)') }]);
  const lines = files.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
  expect(lines.find(({ sign, text }) => sign === '+' && text.includes('io_ring_submit_lock('))).toMatchObject(
    { programs: [program] },
  );
}

test('says which lines of a patch a program ran, and which it did not', async ({ signal }) => {
  const out = path.join(scratch, 'run');
  const found = await coverage({ ...trial, out, signal });
  expect(found.points).toMatchObject({ PASS: expect.any(Number) });
  expect(found.summary).toBe(`passed, but 1 of ${found.changed} changed lines was never run`);
  expectLookupAlone(found);
  expect(coverageSchema.parse(JSON.parse(readFileSync(path.join(out, 'coverage.json'), 'utf8')))).toEqual(
    found,
  );
});

test('a verdict with profile coverage says so, too', async ({ signal }) => {
  const out = path.join(scratch, 'trial');
  const verdict = await evaluate({ ...trial, profile: 'coverage', out, signal });
  if (!verdict.coverage) throw new Error('nothing is known of the lines that ran');
  expectLookupAlone(verdict.coverage);
  const { changed } = verdict.coverage;
  expect(verdict.summary).toBe(`accepted, but 1 of ${changed} changed lines was never run`);
  expect(readVerdict(out)).toEqual(verdict);
});
