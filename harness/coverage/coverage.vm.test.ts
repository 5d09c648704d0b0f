import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { coverage } from './coverage.ts';
import { coverageSchema } from './schema.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-coverage-vm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('says which lines of a patch a program ran, and which it did not', async ({ signal }) => {
  const out = path.join(scratch, 'run');
  const found = await coverage({
    ...{ patch: '2-lookup-under-uring-lock', tree: 'debian:6.1', only: ['full-pipe-write'] },
    ...{ out, signal },
  });
  expect(found.points).toMatchObject({ PASS: expect.any(Number) });
  expect(found.unknown).toEqual([]);
  // Writes alone cannot run all of a patch, and cannot but run its lookup.
  expect(found.changed).toBeGreaterThan(10);
  expect(found.neverRun.length).toBeLessThan(found.changed);
  const lines = found.files.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
  expect(lines.find(({ sign, text }) => sign === '+' && text.includes('io_ring_submit_lock('))).toMatchObject(
    {
      programs: ['full-pipe-write'],
    },
  );
  expect(coverageSchema.parse(JSON.parse(readFileSync(path.join(out, 'coverage.json'), 'utf8')))).toEqual(
    found,
  );
});
