import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recall } from './recall.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-recall-vm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('a mutant is caught by what was expected to catch it, and its base is quiet', async ({ signal }) => {
  const { mutants, bases, summary } = await recall({
    ...{ names: ['mutants/quiesce-forgotten'], only: ['thread-steps'] },
    ...{ repeat: 1, baseRepeat: 1, out: path.join(scratch, 'recall'), signal },
  });
  expect(mutants).toMatchObject([{ mutant: 'mutants/quiesce-forgotten', result: 'caught', repetitions: 1 }]);
  expect(mutants[0]?.how[0]?.program).toBe('thread-steps');
  expect(bases).toMatchObject([{ tree: 'debian:6.1', profile: 'lockdep', alarms: [], missed: 0 }]);
  expect(summary).toBe('1 of 1 mutants caught, no false alarms on base (1 run)');
});

test('a mutant that does not apply is not called missed', async ({ signal }) => {
  const directory = path.join(scratch, 'stale');
  mkdirSync(directory);
  const diff = [
    '--- a/io_uring/rsrc.c',
    '+++ b/io_uring/rsrc.c',
    '@@ -1,1 +1,1 @@',
    '-no such line',
    '+other',
    '',
  ];
  writeFileSync(path.join(directory, '0001-stale.patch'), diff.join('\n'));
  const description = {
    title: 't',
    origin: 'o',
    kind: 'mutant',
    trees: ['debian:6.1'],
    patches: ['0001-stale.patch'],
  };
  writeFileSync(path.join(directory, 'candidate.json'), JSON.stringify(description));
  const { mutants, summary } = await recall({
    ...{ names: [directory], only: ['memory-returned'] },
    ...{ repeat: 1, baseRepeat: 1, out: path.join(scratch, 'stale-run'), signal },
  });
  expect(mutants).toMatchObject([
    { result: 'not tried', how: [], problem: expect.stringContaining('apply') },
  ]);
  expect(summary).toContain('0 of 1 mutants caught, 1 not tried');
});

test('a name that nobody knows is refused before anything is built', async () => {
  const out = path.join(scratch, 'unknown');
  const asked = recall({ ...{ names: ['mutants/no-such'], repeat: 1, baseRepeat: 1, out } });
  await expect(asked).rejects.toThrow('no candidate and no file');
});
