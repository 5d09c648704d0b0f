import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadRun } from './load-run.ts';

let root: string;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'ringtrial-load-'))));
afterEach(() => rm(root, { recursive: true }));

const verdict = {
  schema: 'ringtrial.verdict/1',
  verdict: 'accepted',
  summary: 'accepted',
  reasons: [],
  candidate: { name: 'mine', title: 'Mine', patches: [] },
  tree: { spec: 'debian:6.1', id: 'debian-6.1.1', version: '6.1.1', hash: 'x' },
  profile: 'lockdep',
  suite: 'fixed-buffers',
  accelerator: { name: 'tcg', why: 'no KVM' },
  repetitions: 1,
  strict: false,
  kernels: {},
  tests: [],
  behaviours: [],
  reports: [],
  lockOrders: [],
  directory: '/elsewhere',
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 1,
};

const trial = (id: string, directory: string) => ({
  ...{ id, candidate: 'mine', tree: 'debian:6.1', profile: 'lockdep', suite: 'fixed-buffers' },
  ...{ verdict: 'missing', summary: 'its kernel was never built', directory },
});

test('the directory of one trial is a run of one trial, wherever it lies now', async () => {
  await writeFile(path.join(root, 'verdict.json'), JSON.stringify(verdict));
  const run = await loadRun(root);
  expect(run).toMatchObject({ kind: 'trial', name: 'mine', summary: 'accepted' });
  expect(run.trials).toMatchObject([{ id: 'mine@debian:6.1/lockdep/fixed-buffers', directory: root }]);
});

test('a trial of a matrix without a verdict says why, and is no pass', async () => {
  await mkdir(path.join(root, 'trials', 'a'), { recursive: true });
  await writeFile(path.join(root, 'trials', 'a', 'verdict.json'), JSON.stringify(verdict));
  const trials = [trial('a', 'trials/a'), trial('b', 'trials/b')];
  const matrix = { schema: 'ringtrial.matrix/1', name: 'nightly', summary: '1 accepted, 1 missing', trials };
  await writeFile(path.join(root, 'matrix.json'), JSON.stringify(matrix));
  const run = await loadRun(root);
  expect(run).toMatchObject({ kind: 'matrix', name: 'nightly' });
  expect(run.trials.map((each) => [each.id, each.verdict?.verdict, each.missing])).toEqual([
    ['a', 'accepted', undefined],
    ['b', undefined, 'its kernel was never built'],
  ]);
});

test.each([
  ['nothing', undefined, /neither a verdict.json nor a matrix.json/],
  ['half a file', '{"schema":', /damaged/],
  ['another version', JSON.stringify({ ...verdict, schema: 'ringtrial.verdict/9' }), /another version/],
])('a directory with %s is refused with the reason', async (_, text, message) => {
  if (text !== undefined) await writeFile(path.join(root, 'verdict.json'), text);
  await expect(loadRun(root)).rejects.toThrow(message);
});
