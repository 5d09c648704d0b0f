import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PREFIX_FORMS } from './corpus.ts';
import { HEADERS } from './headers.ts';
import type { KernelReport } from './index.ts';
import { explain, LogReader, readLog } from './index.ts';
import { peel } from './prefix.ts';

const CONSOLES = new URL('./goldens/', import.meta.url);
const consoles = readdirSync(CONSOLES, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.log'))
  .map((f) => readFileSync(new URL(f, CONSOLES)));

/** What must not depend on how a log reached us: everything but offsets, raw lines and what prefixes tell. */
const structure = (reports: readonly KernelReport[]): unknown =>
  reports.map((r) => ({
    ...r,
    start: 0,
    end: 0,
    lead: 0,
    timestamp: 0,
    replay: false,
    text: r.text.split('\n').length,
  }));

const pieces = (log: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((c) => c % (log.length + 1)).toSorted((a, b) => a - b), log.length];
  return at.slice(1).map((end, i) => log.subarray(at[i], end));
};

const readPieces = (parts: Iterable<Uint8Array>): KernelReport[] => {
  const reader = new LogReader();
  const found: KernelReport[] = [];
  for (const part of parts) found.push(...reader.push(part));
  return [...found, ...reader.end()];
};

/** Text made of what headers, prefixes and traces are made of, which is likelier to upset a parser than noise. */
const scraps = fc.oneof(
  fc.constantFrom(...HEADERS.map((h) => h.literal)),
  fc.constantFrom(
    '\n',
    '\n',
    '\r\n',
    '[   12.345678] ',
    '[   12.345678][  T12] ',
    '<4>',
    '4,1,2,-;',
    '\\x0a',
    '#012',
    '\u001b[0m',
    'WARNING: ',
    'BUG: ',
    'INFO: ',
    '-> #1 ',
    '(&a#2/1){+.+.}-{3:3}',
    ', at: foo+0x1/0x2',
    ' ? ',
    'Call Trace:',
    '<TASK>',
    '[<ffffffff81000000>]',
    '------------[ cut here ]------------',
    '---[ end trace 0 ]---',
    '{SOFTIRQ-ON-W}',
    'CPU: 0 PID: 1 Comm: a Not tainted 6.1.0',
    'RIP: 0010:',
    '======',
    ' from ',
  ),
  fc.string({ maxLength: 12 }),
);
const nastyText = fc.array(scraps, { maxLength: 60 }).map((parts) => parts.join(''));

describe('any chunking', () => {
  test('of real consoles gives the same reports', () => {
    fc.assert(
      fc.property(fc.constantFrom(...consoles), fc.array(fc.nat(), { maxLength: 12 }), (log, cuts) => {
        expect(readPieces(pieces(log, cuts))).toEqual(readPieces([log]));
      }),
      { numRuns: 60 },
    );
  });

  test('of made-up text gives the same reports', () => {
    fc.assert(
      fc.property(nastyText, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
        const log = Buffer.from(text);
        expect(readPieces(pieces(log, cuts))).toEqual(readPieces([log]));
      }),
      { numRuns: 300 },
    );
  });
});

describe('any prefix', () => {
  test('of real consoles leaves the structure as it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...consoles),
        fc.constantFrom(...Object.keys(PREFIX_FORMS)),
        (log, form) => {
          const bodies = log
            .toString('latin1')
            .split('\n')
            .filter((l) => /^\[ {0,8}\d/.test(l))
            .map((l) => peel(l.replace(/\r$/, '')).body);
          const wrap = PREFIX_FORMS[form] ?? ((m: string) => m);
          const plain = readLog(`${bodies.join('\n')}\n`);
          expect(plain.length).toBeGreaterThan(0);
          expect(structure(readLog(`${bodies.map(wrap).join('\n')}\n`))).toEqual(structure(plain));
        },
      ),
      { numRuns: 120 },
    );
  });
});

describe('contexts', () => {
  test('that print at the same time are told apart by their caller ids', () => {
    const relabel = (log: Buffer, id: string): string[] =>
      log
        .toString('latin1')
        .split('\n')
        .filter((l) => /^\[ {0,8}\d/.test(l))
        .map((l) => `[    1.000000][${id.padStart(6)}] ${peel(l.replace(/\r$/, '')).body}`);
    const quiet = consoles.filter((c) => readLog(c).length === 1);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(quiet, { minLength: 2, maxLength: 3 }),
        fc.infiniteStream(fc.nat(2)),
        (logs, turns) => {
          const queues = logs.map((log, i) => relabel(log, `T${i + 1}`));
          const apart = queues.map((q) => readLog(`${q.join('\n')}\n`)[0]);
          const mixed: string[] = [];
          const rest = queues.map((q) => q.slice());
          for (const turn of turns) {
            if (rest.every((q) => q.length === 0)) break;
            const queue = rest[turn % rest.length];
            const line = queue?.shift();
            if (line !== undefined) mixed.push(line);
          }
          const together = readLog(`${mixed.join('\n')}\n`);
          const signatures = (reports: readonly (KernelReport | undefined)[]): string[] =>
            reports.map((r) => r?.signature ?? '').toSorted((a, b) => a.localeCompare(b));
          expect(signatures(together)).toEqual(signatures(apart));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('any input', () => {
  test('is read and explained without an exception, with offsets inside it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nastyText.map((t) => Buffer.from(t)),
          fc.uint8Array({ maxLength: 400 }),
        ),
        (log) => {
          for (const report of readLog(log)) {
            expect(report.lead).toBeLessThanOrEqual(report.start);
            expect(report.start).toBeLessThan(report.end);
            expect(report.end).toBeLessThanOrEqual(log.length);
            expect(explain(report).length).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  const MEGABYTE = 1 << 20;
  const fill = (unit: string): string => unit.repeat(Math.ceil(MEGABYTE / unit.length));
  const circular = '[    1.000000] WARNING: possible circular locking dependency detected\n';
  test.each([
    ['one long line', fill('a')],
    ['brackets', `${circular}-> #1 ${fill('(')}`],
    ['brackets in lines', `${circular}${fill(`-> #1 ${'('.repeat(200)}\n`)}`],
    ['time stamps', fill('[    1.000000] ')],
    ['headers', fill('[    1.000000] WARNING: CPU: 1 PID: 1 at a:1 b+0x1/0x2\n')],
    [
      'headers of many tasks',
      Array.from(
        { length: 20_000 },
        (_, i) => `[    1.000000][ T${i}] BUG: KASAN: use-after-free in f+0x1/0x2\n`,
      ).join(''),
    ],
    ['cut here', fill('------------[ cut here ]------------\n')],
    ['frames', `BUG: kernel NULL pointer dereference\nCall Trace:\n${fill(' foo+0x1/0x2\n')}`],
    ['blanks', `[    1.000000] BUG: Bad page state in process ${fill(' ')}\n`],
    ['colons', fill('Nov 23 05:00:25 a kernel: '.repeat(6))],
    ['at signs', `${circular}${fill(' (a){....}-{3:3}, at: ')}`],
  ])('is read in time that grows with its length only: %s', (_name, text) => {
    const started = performance.now();
    readLog(text);
    // A megabyte takes a few hundredths of a second; anything quadratic takes minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
