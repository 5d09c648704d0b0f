import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aVerdict } from '../fixtures.ts';
import { loadRun } from '../load-run.ts';
import { MatrixDirectory, MatrixDirectoryError, MatrixOwnedError } from './directory.ts';
import { expand } from './expand.ts';
import { checkMatrix } from './load-file.ts';
import type { Plan } from './plan.ts';

let scratch: string;
let root: string;
let plan: Plan;
beforeEach(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-matrix-'));
  root = path.join(scratch, 'm');
  plan = await planOf(['base', 'quiesce-all']);
});
afterEach(() => rmSync(scratch, { recursive: true }));

const planOf = (candidates: string[]): Promise<Plan> =>
  expand(checkMatrix({ candidates }, { file: 'm.json', name: 'm', directory: scratch }));

const begin = (index: number): string => {
  const directory = path.join(root, plan.trials[index]?.directory ?? '');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'events.ndjson'), '{}\n');
  return directory;
};
const finish = (index: number, more = {}): void =>
  writeFileSync(path.join(begin(index), 'verdict.json'), JSON.stringify(aVerdict(more)));

test('resumed: what is finished stays, what is half-written is set aside with its evidence', async () => {
  await (await MatrixDirectory.create(root, plan))[Symbol.asyncDispose]();
  finish(0);
  for (const half of ['{"schema": "ringtr', undefined]) {
    const directory = begin(1);
    if (half !== undefined) writeFileSync(path.join(directory, 'verdict.json'), half);
    await using again = await MatrixDirectory.resume(root, plan);
    expect(again.plan.trials.map((trial) => again.verdictOf(trial)?.verdict)).toEqual([
      'accepted',
      undefined,
    ]);
  }
  expect(readdirSync(path.join(root, 'trials')).toSorted()).toEqual([
    'base@debian-6.1-lockdep-fixed-buffers',
    'quiesce-all@debian-6.1-lockdep-fixed-buffers.interrupted-1',
    'quiesce-all@debian-6.1-lockdep-fixed-buffers.interrupted-2',
  ]);
  expect(
    existsSync(
      path.join(
        root,
        'trials',
        'quiesce-all@debian-6.1-lockdep-fixed-buffers.interrupted-2',
        'events.ndjson',
      ),
    ),
  ).toBe(true);
});

test('matrix.json tells each trial, is what every output reads, and is the same wherever it lies', async () => {
  {
    await using directory = await MatrixDirectory.create(root, plan);
    finish(0, { directory: '/elsewhere', seconds: 17 });
    directory.write(new Map([[plan.trials[1]?.id ?? '', 'it does not apply']]));
  }
  const bytes = readFileSync(path.join(root, 'matrix.json'), 'utf8');
  expect(bytes).not.toContain(scratch);
  const run = await loadRun(root);
  expect(run.summary).toBe('2 trials: 1 missing, 1 accepted');
  expect(run.trials.map(({ id, verdict, missing }) => [id, verdict?.verdict, missing])).toEqual([
    ['base@debian:6.1/lockdep/fixed-buffers', 'accepted', undefined],
    ['quiesce-all@debian:6.1/lockdep/fixed-buffers', undefined, 'it does not apply'],
  ]);
});

test('a directory has one owner, and others say who it is', async () => {
  await (await MatrixDirectory.create(root, plan))[Symbol.asyncDispose]();
  const module = JSON.stringify(path.join(import.meta.dirname, 'directory.ts'));
  const owner = spawn(process.execPath, [
    ...['--no-warnings', '--input-type=module', '-e'],
    `import { MatrixDirectory } from ${module};
     await MatrixDirectory.resume(${JSON.stringify(root)}); process.stdout.write('mine'); setInterval(() => {}, 1000);`,
  ]);
  const ended = new Promise((resolve) => owner.once('exit', resolve));
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  await expect(MatrixDirectory.resume(root)).rejects.toThrow(MatrixOwnedError);
  await expect(MatrixDirectory.resume(root)).rejects.toThrow(new RegExp(`process ${owner.pid} .* since 20`));
  owner.kill('SIGKILL');
  await ended;
  await using mine = await MatrixDirectory.resume(root);
  expect(mine.plan).toEqual(plan);
});

test('what is no matrix, another one, or there already is refused', async () => {
  await (await MatrixDirectory.create(root, plan))[Symbol.asyncDispose]();
  await expect(MatrixDirectory.create(root, plan)).rejects.toThrow(/exists already/);
  await expect(MatrixDirectory.resume(root, await planOf(['base']))).rejects.toThrow(/another plan/);
  await expect(MatrixDirectory.resume(scratch)).rejects.toThrow(MatrixDirectoryError);
});

test('a tree is remembered as it was', async () => {
  await using directory = await MatrixDirectory.create(root, plan);
  expect(directory.pinnedTree('debian:6.1')).toBeUndefined();
  directory.pinTree('debian:6.1', { id: 'debian-6.1.7', hash: 'abc' });
  directory.pinTree('debian:7.2', { id: 'debian-7.2.1', hash: 'def' });
  expect(directory.pinnedTree('debian:6.1')).toEqual({ id: 'debian-6.1.7', hash: 'abc' });
});
