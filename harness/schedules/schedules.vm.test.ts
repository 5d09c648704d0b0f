import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';

const root = mkdtempSync(path.join(tmpdir(), 'ringtrial-schedules-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a program runs under three schedules, and its results say under which', async (ctx) => {
  const out = path.join(root, 'run');
  const verdict = await evaluate({
    ...{ patch: 'base', tree: 'debian:6.1', only: ['memory-returned'], accel: 'tcg', out },
    perturb: { count: 3, seed: 1 },
    signal: ctx.signal,
  });
  expect(verdict.verdict).toBe('accepted');
  expect(verdict.schedules).toMatchObject([
    { vcpus: 2 },
    { vcpus: 1, preempt: 'none' },
    { preempt: 'voluntary', hold: { functions: expect.any(Array) } },
  ]);
  const expected = [1, 2, 3].map((schedule) => ({ schedule, counts: { PASS: 1 } }));
  for (const { base, candidate } of verdict.tests)
    expect([base.schedules, candidate.schedules]).toEqual([expected, expected]);
  const of = (schedule: number, file: string): string =>
    readFileSync(path.join(out, 'base', `schedule-${schedule}`, file), 'latin1');
  // What QEMU was told, and what the kernel says that it took.
  expect(of(2, 'guest-1/command.json')).toContain('"-icount"');
  expect(of(2, 'snapshot/console.log')).toContain('Dynamic Preempt: none');
  expect(of(3, 'snapshot/console.log')).toContain('Dynamic Preempt: voluntary');
});
