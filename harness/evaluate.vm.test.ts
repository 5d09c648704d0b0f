import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PatchDoesNotApplyError } from '../patches/index.ts';
import { evaluate } from './evaluate.ts';
import type { TrialEvent } from './events.ts';
import { type Verdict, verdictSchema } from './verdict.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-evaluate-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let runs = 0;
const trial = async (patch: string, more: Partial<Parameters<typeof evaluate>[0]> = {}): Promise<Verdict> =>
  await evaluate({ patch, tree: 'debian:6.1', out: path.join(scratch, `run-${++runs}`), ...more });

const behaviour = (verdict: Verdict, name: string, key: string): unknown =>
  verdict.behaviours.find((change) => change.test === name && change.key === key);

const patchFile = (name: string, body: string): string => {
  const file = path.join(scratch, name);
  writeFileSync(file, body);
  return file;
};

describe('a trial on real kernels', () => {
  test('base against itself is accepted, and every test of the suite passes on it', async (ctx) => {
    const events: TrialEvent[] = [];
    const verdict = await trial('base', { signal: ctx.signal, onEvent: (event) => void events.push(event) });
    expect(verdict.reasons).toEqual([]);
    expect(verdict.summary).toBe('accepted');
    expect(verdict.tests.length).toBeGreaterThanOrEqual(40);
    // What this kernel has not is skipped, with the reason; what it is known to do wrong is shown; the rest passes.
    const odd = verdict.tests.filter(({ base, candidate }) =>
      [base, candidate].some(
        ({ status, reason, known }) =>
          status !== 'PASS' && known === undefined && (status !== 'SKIP' || !reason),
      ),
    );
    expect(odd).toEqual([]);
    expect(verdict.tests.filter(({ base }) => base.status === 'PASS').length).toBeGreaterThanOrEqual(50);
    expect(verdict.reports).toEqual([]);
    expect(verdict.kernels.base?.hash).toBe(verdict.kernels.candidate?.hash);
    // What lies in the run directory is the verdict that was returned, and everything behind it.
    const file = (name: string): string => readFileSync(path.join(verdict.directory, name), 'latin1');
    expect(verdictSchema.parse(JSON.parse(file('verdict.json')))).toEqual(verdict);
    expect(file('events.ndjson').trim().split('\n').length).toBeGreaterThan(20);
    expect(file('base/guest-1/console.log')).toContain('ringtrial: end of');
    expect(JSON.parse(file('base/guest-1/command.json'))).toContain('-incoming');
    expect(file('base/repetition-1/thread-steps.ktap')).toContain('KTAP version 1');
    expect(events.some((event) => event.type === 'guest' && event.state === 'ready')).toBe(true);
    expect(file('reproduce.sh')).toContain('ringtrial.shell');
  });

  test('design 2 is accepted, with the behaviours that make it design 2', async (ctx) => {
    const only = ['thread-steps', 'linked-chain', 'update-in-flight', 'full-pipe-write'];
    const verdict = await trial('2-lookup-under-uring-lock', { signal: ctx.signal, only });
    expect(verdict.summary).toMatch(/^accepted, \d+ behaviours changed$/);
    expect(verdict.reports).toEqual([]);
    expect(behaviour(verdict, 'thread-steps.queued-read', 'result')).toMatchObject({
      base: ['full'],
      candidate: ['-14'],
    });
    expect(behaviour(verdict, 'thread-steps.queued-read', 'unregister_waited')).toMatchObject({
      base: ['yes'],
      candidate: ['no'],
    });
    expect(behaviour(verdict, 'thread-steps.at-once', 'efault_seen')).toMatchObject({
      base: ['no'],
      candidate: ['yes'],
    });
    expect(behaviour(verdict, 'update-in-flight.linked-read', 'memory')).toMatchObject({
      base: ['old'],
      candidate: ['new'],
    });
    // What was issued already keeps its buffer in both designs.
    expect(behaviour(verdict, 'thread-steps.issued-read', 'memory')).toBeUndefined();
  });

  test('the same with --strict is rejected for its behaviours', async (ctx) => {
    const verdict = await trial('2-lookup-under-uring-lock', {
      signal: ctx.signal,
      only: ['update-in-flight'],
      strict: true,
    });
    expect(verdict.verdict).toBe('rejected');
    expect(verdict.reasons[0]?.text).toMatch(/behaviour changed/);
  });

  test('a lock inversion is rejected for its circular dependency, seen in a cold boot, too', async (ctx) => {
    const verdict = await trial('mutants/uring-lock-inversion', {
      signal: ctx.signal,
      only: ['buffer-tags'],
    });
    expect(verdict.verdict).toBe('rejected');
    expect(verdict.summary).toMatch(
      /possible circular locking dependency.*buf_table_lock.*uring_lock.*cold boot/,
    );
    const circular = verdict.reports.find((report) => report.kind === 'lockdep.circular');
    expect(circular).toMatchObject({ base: 0, new: true });
    expect(circular?.text).toContain('-> #1');
    const console = readFileSync(path.join(verdict.directory, circular?.console ?? ''));
    expect(console.subarray(circular?.start, circular?.end).toString('latin1')).toContain(
      'possible circular locking',
    );
  });

  test('an unregister that does not wait is rejected for what the tests see', async (ctx) => {
    const verdict = await trial('mutants/quiesce-forgotten', { signal: ctx.signal, only: ['thread-steps'] });
    expect(verdict.verdict).toBe('rejected');
    expect(verdict.tests.find((one) => one.name === 'thread-steps.issued-read')).toMatchObject({
      base: { status: 'PASS' },
      candidate: { status: 'FAIL' },
      change: 'regression',
    });
  });
});

describe('a patch that gets no trial', () => {
  const header = 'diff --git a/io_uring/nop.c b/io_uring/nop.c\n--- a/io_uring/nop.c\n+++ b/io_uring/nop.c\n';

  test('does not compile: rejected, with the first error, its line and the patch that brought it', async () => {
    // Context on both sides: git takes a hunk without any at its end for the end of the file.
    const [before, after] = [readNop().slice(0, 3), readNop().slice(3, 6)].map((lines) =>
      lines.map((line) => ` ${line}\n`).join(''),
    );
    const hunk = `@@ -1,6 +1,7 @@\n${before}+this is not C;\n${after}`;
    const verdict = await trial(patchFile('broken.patch', header + hunk));
    expect(verdict.verdict).toBe('rejected');
    expect(verdict.buildError).toMatchObject({ file: 'io_uring/nop.c', line: 4, patch: 'broken.patch' });
    expect(verdict.summary).toContain('io_uring/nop.c:4');
    expect(verdict.tests).toEqual([]);
    expect(existsSync(verdict.buildError?.log ?? '')).toBe(true);
  });

  test('does not apply: says which hunk, and nothing is left', async () => {
    const hunk = '@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n';
    const out = path.join(scratch, 'never');
    await expect(trial(patchFile('stale.patch', header + hunk), { out })).rejects.toThrow(
      PatchDoesNotApplyError,
    );
    expect(existsSync(out)).toBe(false);
  });

  const readNop = (): string[] => {
    const trees = path.join(
      process.env['XDG_CACHE_HOME'] || path.join(process.env['HOME'] ?? '', '.cache'),
      'ringtrial',
      'trees',
    );
    const resolved = JSON.parse(readFileSync(path.join(scratch, 'run-1', 'verdict.json'), 'utf8')) as Verdict;
    return readFileSync(path.join(trees, resolved.tree.id, 'src', 'io_uring', 'nop.c'), 'utf8').split('\n');
  };
});
