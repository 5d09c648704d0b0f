import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutAt, golden, sourceOf } from './fixtures.ts';
import { type Found, type LogFacts, scanLog } from './scan.ts';
import type { LogSource } from './source.ts';

async function scanned(source: LogSource): Promise<{ found: Found[]; facts: LogFacts }> {
  const found: Found[] = [];
  const facts = await scanLog(source, { onReport: (one) => void found.push(one) });
  return { found, facts };
}

const inversion = golden('inversion.console.txt');

describe('scanLog', () => {
  test('finds the reports of a real console, with the lines that name them', async () => {
    const { found, facts } = await scanned(sourceOf(inversion));
    const lines = inversion.toString('latin1').split('\n');
    expect(found.map(({ report }) => report.kind).toSorted()).toEqual([
      'hung.task',
      'hung.task',
      'lockdep.circular',
    ]);
    for (const { report, line } of found) {
      const named = lines[(line ?? 0) - 1] ?? '';
      expect(named).toMatch(/possible circular locking dependency detected|blocked for more than/);
      expect(inversion.indexOf(named, report.start)).toBe(report.start);
    }
    expect(facts.bytes).toBe(inversion.length);
    expect(facts.lines).toBe(lines.length - 1);
    expect(facts.notices.join()).toContain('Lockdep stops after its first report');
  });

  test('gives the same whatever the pieces are', async () => {
    const whole = await scanned(sourceOf(inversion));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(inversion.length), { maxLength: 8 }), async (cuts) => {
        expect(await scanned(sourceOf(...cutAt(inversion, cuts)))).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  test('silence closes a report, and what comes later has its place in the whole log', async () => {
    const text = inversion.toString('latin1');
    const hung = text.indexOf('[   21.866357]');
    const { found, facts } = await scanned(
      sourceOf(text.slice(0, hung), { type: 'quiet' }, text.slice(hung)),
    );
    const whole = await scanned(sourceOf(inversion));
    const starts = (all: readonly Found[]): (readonly unknown[])[] =>
      all
        .toSorted((a, b) => a.report.start - b.report.start)
        .map(({ report, line }) => [report.start, line, report.secondary ?? false]);
    expect(starts(found)).toEqual(starts(whole.found));
    expect(facts).toEqual(whole.facts);
  });

  test('a line that silence cut is told once', async () => {
    const line = '[    1.000000] Kernel panic - not syncing: Attempted to kill init!';
    const { found } = await scanned(sourceOf(line, { type: 'quiet' }, ' exitcode=0x00000009\n'));
    expect(found.map(({ line }) => line)).toEqual([1]);
  });

  test('a log that begins anew is counted anew, and says so', async () => {
    const { found, facts } = await scanned(
      sourceOf('one\ntwo\n', { type: 'restart', why: 'it was cut short' }, inversion),
    );
    expect(found.find(({ report }) => report.kind === 'lockdep.circular')?.line).toBe(13);
    expect(facts.notices[0]).toContain('it was cut short');
  });

  test.each([
    ['an empty log', '', 'empty'],
    ['something else', 'To be, or not to be\n'.repeat(5000), 'is it the right file'],
    ['lost messages', '[    1.0] a\n** 12 printk messages dropped **\n', 'dropped messages'],
  ])('does not take %s for a good kernel', async (_, text, words) => {
    const { found, facts } = await scanned(sourceOf(text));
    expect(found).toEqual([]);
    expect(facts.notices.join()).toContain(words);
  });

  test('notices lost messages where two pieces meet', async () => {
    const text = '[    1.0] a\n** 12 printk messages dropped **\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const { facts } = await scanned(sourceOf(text.slice(0, cut), text.slice(cut)));
      expect(facts.notices.join()).toContain('dropped messages');
    }
  });

  test('has nothing to note on a clean boot', async () => {
    const { facts } = await scanned(sourceOf('[    0.000000] Linux version 6.1.0\n[    0.1] x\n'));
    expect(facts.notices).toEqual([]);
  });
});
