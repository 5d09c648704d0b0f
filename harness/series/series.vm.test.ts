import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataRoot } from '../../patches/catalogue.ts';
import { bisect, NothingToBisectError } from './bisect.ts';
import { evaluateEach } from './each.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-series-'));
const series = path.join(scratch, 'series');
const harmless = path.join(scratch, 'harmless');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A mutant whose guests live: one that kills them is seen again and again, here, and takes minutes. */
const fault = '0002-post-the-tag-at-once.patch';
const common = { tree: 'debian:6.1', only: ['update-in-flight'] };

/** Adds a line to the comment above io_nop() (io_uring/nop.c, 6.1), below a line that is there. */
const comment = (line: number, after: string, added: string): string =>
  `--- a/io_uring/nop.c\n+++ b/io_uring/nop.c\n@@ -${line},2 +${line},3 @@\n ${after}\n+${added}\n  */\n`;

beforeAll(() => {
  for (const directory of [series, harmless]) {
    mkdirSync(directory);
    const above = ' * IORING_OP_NOP just posts a completion event, nothing else.';
    writeFileSync(path.join(directory, '0001-a-comment.patch'), comment(21, above, ' * First.'));
    writeFileSync(path.join(directory, '0003-another-comment.patch'), comment(22, ' * First.', ' * Second.'));
  }
  const mutant = path.join(
    dataRoot(),
    'mutants',
    'tag-before-last-user',
    '0001-post-the-tag-when-a-slot-is-updated.patch',
  );
  copyFileSync(mutant, path.join(series, fault));
});

test('--each names the first patch of a series that brings a failure', async ({ signal }) => {
  const out = path.join(scratch, 'each');
  const { steps, summary } = await evaluateEach({ ...common, patch: series, out, signal });
  expect(steps.map(({ patch, verdict }) => [patch, verdict.verdict])).toEqual([
    ['0001-a-comment.patch', 'accepted'],
    [fault, 'rejected'],
    ['0003-another-comment.patch', 'rejected'],
  ]);
  expect(steps[1]?.brings.length).toBeGreaterThan(0);
  expect(summary).toContain(`${fault} brings it`);
});

test('bisect finds the same patch by halves', async ({ signal }) => {
  const out = path.join(scratch, 'bisect');
  const found = await bisect({
    ...{ ...common, patch: series, out, signal },
    ...{ repeat: 2, confidence: 0.9 },
  });
  expect(found.first).toBe(fault);
  expect(found.program).toBe('update-in-flight');
  expect(found.seen).toEqual({ failures: 2, runs: 2 });
  expect(found.steps.map(({ patch, result }) => [patch, result])).toContainEqual([
    '0001-a-comment.patch',
    'good',
  ]);
});

test('bisect says so when the whole series does nothing wrong', async ({ signal }) => {
  const out = path.join(scratch, 'nothing');
  const asked = bisect({ ...common, patch: harmless, out, signal, repeat: 1, confidence: 0.9 });
  await expect(asked).rejects.toThrow(NothingToBisectError);
});
