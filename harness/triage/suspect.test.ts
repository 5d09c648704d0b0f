import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changesOfApplied, loadSuspect } from './suspect.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'suspect-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const golden = (name: string): string => fileURLToPath(new URL(`goldens/${name}`, import.meta.url));

test('a stored candidate, and what base shows in its logs', async () => {
  const base = [golden('inversion.console.txt'), golden('forgotten.console.txt')];
  const suspect = await loadSuspect({ patch: 'mutants/quiesce-forgotten', base });
  expect(suspect.changes.functions).toEqual([{ name: 'io_sqe_buffers_unregister', file: 'io_uring/rsrc.c' }]);
  expect(suspect.base?.length).toBe(4);
  expect(suspect.base).toContainEqual({
    signature: 'lockdep.circular: &ctx->buf_table_lock -> &ctx->uring_lock',
  });
});

test('no logs of base are not the same as logs without reports', async () => {
  expect((await loadSuspect({ patch: 'base', base: [] })).base).toBeUndefined();
  await writeFile(path.join(dir, 'clean'), '[    0.000000] Linux version 6.1.0\n');
  expect((await loadSuspect({ patch: 'base', base: [path.join(dir, 'clean')] })).base).toEqual([]);
});

test('what was applied is compared with the tree', async () => {
  await mkdir(path.join(dir, 'io_uring'));
  await writeFile(path.join(dir, 'io_uring/rw.c'), 'int a(void)\n{\n\treturn 1;\n}\nint b(void)\n{\n}\n');
  const content = Buffer.from('int a(void)\n{\n\treturn 2;\n}\nint b(void)\n{\n}\n');
  const { functions, addedLines } = await changesOfApplied(dir, [{ path: 'io_uring/rw.c', content }]);
  expect(functions).toEqual([{ name: 'a', file: 'io_uring/rw.c' }]);
  expect(addedLines.get('io_uring/rw.c')).toEqual(new Set([3]));
});
