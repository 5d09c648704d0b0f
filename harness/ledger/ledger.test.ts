import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aSide, aVerdict } from '../fixtures.ts';
import type { Verdict } from '../verdict.ts';
import { historyOf, knownAs, namesLike } from './history.ts';
import { Ledger, LedgerError } from './ledger.ts';
import { rebuildLedger } from './rebuild.ts';
import { recordRun } from './record.ts';

let root: string;
let before: string | undefined;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'ringtrial-ledger-'));
  before = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = root;
});
afterEach(() => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  rmSync(root, { recursive: true });
});

const tables = ['run', 'test', 'report'];
const content = (): unknown => {
  using ledger = new Ledger();
  return tables.map((name) => ledger.all(`SELECT * FROM ${name} ORDER BY 1, 2, 3`));
};

/** A run directory with that verdict, entered as a trial enters it. */
function finished(name: string, more: Partial<Verdict> = {}, record = true): string {
  const directory = path.join(root, 'ringtrial', 'runs', name);
  mkdirSync(directory, { recursive: true });
  const verdict = aVerdict({ directory, ...more });
  writeFileSync(path.join(directory, 'verdict.json'), JSON.stringify(verdict));
  if (record) expect(recordRun(verdict, directory)).toBeUndefined();
  return directory;
}

const report = (base: number, candidate: number): Verdict['reports'] => [
  {
    ...{
      signature: 'lockdep.circular:a,b',
      kind: 'lockdep.circular',
      title: 'circular',
      base,
      candidate,
      new: base === 0,
    },
    ...{ programs: ['p'], console: 'c', start: 0, end: 1, text: '', explanation: [], attribution: null },
  },
];

const tests = (base: 'PASS' | 'FAIL', candidate: 'PASS' | 'FAIL'): Verdict['tests'] => [
  { name: 'p.x', base: aSide(base), candidate: aSide(candidate), change: 'same' },
];

describe('the ledger', () => {
  test('rebuilt from the run directories it is what was filled run by run', () => {
    finished('1', { tests: tests('PASS', 'FAIL'), reports: report(0, 2) });
    finished('nightly/trials/a@t-p-s', {
      tests: tests('PASS', 'PASS'),
      startedAt: '2026-01-02T00:00:00.000Z',
    });
    finished('each/01-x.patch', { profile: 'kasan' });
    expect(historyOf({ tests: ['p.x'] }).tests['p.x']).toHaveLength(4);
    const filled = content();
    writeFileSync(path.join(root, 'ringtrial', 'runs', '1', 'events.ndjson'), '');
    finished('nightly/trials/a@t-p-s.interrupted-1', {}, false);
    mkdirSync(path.join(root, 'ringtrial', 'runs', 'half'));
    writeFileSync(path.join(root, 'ringtrial', 'runs', 'half', 'verdict.json'), '{"schema":');
    expect(rebuildLedger()).toBe(3);
    expect(content()).toEqual(filled);
    rmSync(path.join(root, 'ringtrial', 'ledger.sqlite'));
    expect(rebuildLedger()).toBe(3);
    expect(content()).toEqual(filled);
  });

  test('a run that is entered again is there once; one that is gone is forgotten by a rebuild', () => {
    const gone = finished('1', { tests: tests('PASS', 'PASS') });
    finished('1', { tests: tests('PASS', 'FAIL') });
    expect(historyOf({ tests: ['p.x'] }).tests['p.x']?.map(({ status }) => status)).toEqual(['PASS', 'FAIL']);
    rmSync(gone, { recursive: true });
    expect(rebuildLedger()).toBe(0);
  });

  test('a run that was copied counts once, where it was seen last', () => {
    finished('1', { tests: tests('PASS', 'PASS') });
    const copy = finished('merged/trials/1', { tests: tests('PASS', 'PASS') });
    expect(historyOf({ tests: ['p.x'] }).tests['p.x']?.map(({ run }) => run)).toEqual([copy, copy]);
  });

  test('runs that lie elsewhere are kept as long as they are there', () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'ringtrial-elsewhere-'));
    try {
      const trial = path.join(elsewhere, 'trials', 'a');
      mkdirSync(trial, { recursive: true });
      writeFileSync(path.join(trial, 'verdict.json'), JSON.stringify(aVerdict()));
      expect(rebuildLedger([elsewhere])).toBe(1);
      expect(rebuildLedger()).toBe(1);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
    expect(rebuildLedger()).toBe(0);
  });

  test('writers beside each other lose nothing, from the first moment on', async () => {
    const writer = `
      import { recordRun } from ${JSON.stringify(path.join(import.meta.dirname, 'record.ts'))};
      const [verdict, from] = JSON.parse(process.argv[1]);
      for (let run = from; run < from + 25; run++) {
        const startedAt = new Date(run * 1000).toISOString();
        const problem = recordRun({ ...verdict, startedAt }, '/runs/' + run);
        if (problem) throw new Error(problem);
      }`;
    const verdict = aVerdict({ tests: tests('PASS', 'PASS') });
    const start = (from: number) =>
      promisify(execFile)(process.execPath, [
        ...['--no-warnings', '--input-type=module', '-e', writer],
        JSON.stringify([verdict, from]),
      ]);
    await Promise.all([start(0), start(100), start(200), start(300)]);
    expect(historyOf({ tests: ['p.x'], limit: 1000 }).tests['p.x']).toHaveLength(200);
  });

  test('one that cannot be written harms no trial: it is a sentence', () => {
    writeFileSync(path.join(root, 'ringtrial'), 'in the way');
    expect(recordRun(aVerdict(), '/x')).toMatch(/not in the ledger: .*ledger rebuild/);
    rmSync(path.join(root, 'ringtrial'));
    mkdirSync(path.join(root, 'ringtrial'));
    writeFileSync(
      path.join(root, 'ringtrial', 'ledger.sqlite'),
      'no database, but longer than its header would be '.repeat(20),
    );
    expect(recordRun(aVerdict(), '/x')).toMatch(/not a database/);
    expect(() => new Ledger()).toThrow(LedgerError);
  });
});

describe('history', () => {
  test('of a test: by side, the oldest first, of the runs that are asked for', () => {
    finished('1', { tests: tests('PASS', 'FAIL'), startedAt: '2026-01-01T00:00:00.000Z' });
    finished('2', { tests: tests('FAIL', 'FAIL'), startedAt: '2026-01-02T00:00:00.000Z', profile: 'kasan' });
    const all = historyOf({ tests: ['p.x'] }).tests['p.x'];
    expect(
      all?.map(({ date, side, status, failures }) => [date.slice(0, 10), side, status, failures]),
    ).toEqual([
      ['2026-01-01', 'base', 'PASS', 0],
      ['2026-01-01', 'candidate', 'FAIL', 1],
      ['2026-01-02', 'base', 'FAIL', 1],
      ['2026-01-02', 'candidate', 'FAIL', 1],
    ]);
    expect(historyOf({ tests: ['p.x'], profile: 'kasan' }).tests['p.x']).toHaveLength(2);
    expect(historyOf({ tests: ['p.x'], tree: 'debian:5.10' }).tests['p.x']).toEqual([]);
    expect(
      historyOf({ tests: ['p.x'], limit: 1 }).tests['p.x']?.map(({ date }) => date.slice(8, 10)),
    ).toEqual(['02', '02']);
  });

  test('of a signature: where it was not seen is told, too', () => {
    finished('1', { reports: report(0, 3), startedAt: '2026-01-01T00:00:00.000Z' });
    finished('2', { startedAt: '2026-01-02T00:00:00.000Z' });
    finished('3', { reports: report(1, 1), startedAt: '2026-01-03T00:00:00.000Z' });
    finished('4', { suite: 'another', startedAt: '2026-01-04T00:00:00.000Z' });
    const signature = 'lockdep.circular:a,b';
    const seen = historyOf({ signatures: [signature] }).signatures[signature];
    expect(seen?.map(({ status, patched }) => [status, patched])).toEqual([
      ['candidate', 3],
      ['neither', 0],
      ['both', 1],
    ]);
    expect(knownAs(signature)).toEqual({ tests: [], signatures: [signature] });
    expect(namesLike('circ')).toEqual([signature]);
    expect(namesLike('100%')).toEqual([]);
  });
});
