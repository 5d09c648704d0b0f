import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CountersError, runGcov, unpackCounters } from './gcov.ts';
import { lineCounts } from './lines.ts';

describe('counters from a guest', () => {
  const sent = Buffer.concat([Buffer.from('rw.gcda 3\nabc'), Buffer.from('io-wq.gcda 0\n')]);

  test('are taken apart by their sizes', () => {
    const counters = unpackCounters(sent);
    expect([...counters.keys()]).toEqual(['rw.gcda', 'io-wq.gcda']);
    expect(counters.get('rw.gcda')?.toString()).toBe('abc');
  });

  test.each([
    ['a path', 'a/../../rw.gcda 1\nx'],
    ['another file', 'passwd 1\nx'],
    ['less than announced', 'rw.gcda 9\nx'],
    ['no line end', 'rw.gcda 1'],
  ])('%s is refused', (_, text) => {
    expect(() => unpackCounters(Buffer.from(text))).toThrow(CountersError);
  });
});

describe('gcov', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-gcov-test-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  beforeAll(async () => {
    const source =
      'int main(int count, char **words)\n{\n\tif (count > 5)\n\t\treturn 1;\n\treturn !words;\n}\n';
    writeFileSync(path.join(scratch, 'rw.c'), source);
    await execa('gcc', ['--coverage', '-O0', '-c', 'rw.c'], { cwd: scratch });
    await execa('gcc', ['--coverage', 'rw.o', '-o', 'rw'], { cwd: scratch });
    await execa(path.join(scratch, 'rw'), { cwd: scratch });
  });

  test('says of a real program which lines ran', async () => {
    const counters = new Map([['rw.gcda', readFileSync(path.join(scratch, 'rw.gcda'))]]);
    const once = lineCounts(await runGcov(scratch, counters), ['rw.c']);
    const counts = once.get('rw.c');
    expect(counts?.get(3)).toBe(1);
    expect(counts?.get(4)).toBe(0);
    expect(counts?.get(5)).toBe(1);
    expect(counts?.has(2)).toBe(false);
    const twice = lineCounts(await runGcov(scratch, counters), ['rw.c'], once);
    expect([twice.get('rw.c')?.get(3), counts?.get(3)]).toEqual([2, 1]);
  });

  test('counters of objects that nobody knows are no coverage', async () => {
    await expect(runGcov(scratch, new Map([['other.gcda', Buffer.from('')]]))).rejects.toThrow(CountersError);
  });
});
