import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCandidate } from '../../patches/index.ts';
import { parsePatchFile } from '../../patches/parse.ts';
import type { KernelReport, LockdepReport } from '../klog/index.ts';
import type { Suspect } from './attribute.ts';
import { changesOfDiffs } from './changes.ts';
import { golden, sourceOf } from './fixtures.ts';
import { followJsonMode, followMode } from './follow.ts';
import {
  dotMode,
  groupJsonMode,
  groupMode,
  htmlMode,
  jsonMode,
  type Mode,
  type TriageJob,
  terminalMode,
} from './modes.ts';
import { groupsSchema, type ReportDocument, reportSchema, triageSchema } from './schema.ts';
import type { LogSource, Piece } from './source.ts';

const inversion = golden('inversion.console.txt');
const forgotten = golden('forgotten.console.txt');
const named = (name: string, ...pieces: readonly (Piece | string | Uint8Array)[]): LogSource => ({
  ...sourceOf(...pieces),
  name,
});

const { patches } = await loadCandidate('mutants/uring-lock-inversion');
const suspect: Suspect = {
  changes: changesOfDiffs(patches.flatMap(({ name, bytes }) => parsePatchFile(name, bytes).files)),
  base: [],
};

/** What a mode prints, on something that is no terminal, and whether it found anything bad. */
async function run(
  mode: Mode,
  sources: readonly LogSource[],
  options: Partial<TriageJob> = {},
): Promise<{ text: string; bad: boolean }> {
  let text = '';
  const bad = await mode({
    sources,
    full: false,
    titles: false,
    write: async (more) => void (text += more),
    stream: Object.assign(new PassThrough(), { isTTY: false, columns: 100 }) as unknown as NodeJS.WriteStream,
    ...options,
  });
  return { text, bad };
}

describe('JSON', () => {
  test('is one document of the schema a log, its reports in their order', async () => {
    const { text, bad } = await run(
      jsonMode,
      [named('a', inversion), named('b', forgotten), named('c', '')],
      {
        titles: true,
        suspect,
      },
    );
    const documents = text
      .trimEnd()
      .split('\n')
      .map((line) => triageSchema.parse(JSON.parse(line)));
    expect(documents.map(({ file, counts }) => [file, counts.bug])).toEqual([
      ['a', 3],
      ['b', 1],
      ['c', 0],
    ]);
    const [first] = documents;
    expect(first?.reports.map(({ line }) => line)).toEqual([13, 111, 139]);
    expect(first?.reports[0]).toMatchObject({
      kind: 'lockdep.circular',
      titles: { title: 'possible deadlock in io_import_iovec' },
      attribution: { cause: 'introduced' },
      lockdep: { edges: [{ how: 'recorded' }, { how: 'new' }] },
    });
    expect(first?.reports[0]?.explanation.length).toBeGreaterThan(3);
    expect(bad).toBe(true);
  });

  test('loses nothing that the reader found', async () => {
    const { text } = await run(jsonMode, [named('a', inversion)], { titles: true });
    const document: unknown = JSON.parse(text);
    // A key that the schema does not know would be dropped here.
    expect(triageSchema.parse(document)).toEqual(document);
  });

  test('knows every field of the reader (this is checked when it is compiled)', () => {
    type Known = NonNullable<ReportDocument['lockdep']>;
    const unknown: readonly never[] = [] as Exclude<keyof KernelReport, keyof ReportDocument>[];
    const unknownOfLocks: readonly never[] = [] as Exclude<keyof LockdepReport, keyof Known>[];
    expect([...unknown, ...unknownOfLocks]).toEqual([]);
  });

  test('has titles of others only when asked', async () => {
    const { text } = await run(jsonMode, [named('a', inversion)]);
    expect(triageSchema.parse(JSON.parse(text)).reports[0]?.titles).toBeUndefined();
  });
});

describe('the terminal', () => {
  test('says first what there is, then explains and shows', async () => {
    const { text, bad } = await run(terminalMode, [named('console.log', inversion)]);
    expect(text.split('\n')[0]).toBe('console.log (10.1 kB, 172 lines): 3 bugs');
    const order = [
      '3 bugs',
      'hung in io_sqe_buffers_unregister',
      '1 bug  possible circular',
      'Usual fix',
      '-> #1 (',
    ];
    const places = order.map((words) => text.indexOf(words));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(text).toContain('the stack of #0 once more');
    expect(bad).toBe(true);
  });

  test('shows every line with --full', async () => {
    const { text } = await run(terminalMode, [named('x', inversion)], { full: true });
    expect(text).not.toContain('...  lines');
    expect(text).toContain('ORIG_RAX');
  });

  test('passes on nothing that a terminal obeys', async () => {
    const hostile =
      '[    1.0] WARNING: CPU: 0 PID: 1 at \u001b]0;owned\u0007kernel/\u001b[2Jx.c:1 f\u202eoo+0x1/0x2\n' +
      '[    1.0] Call Trace:\n[    1.0]  evil\u009b31m+0x1/0x2\n[    1.0] ---[ end trace 0 ]---\n';
    for (const mode of [terminalMode, groupMode, followMode, dotMode]) {
      const { text } = await run(mode, [named('\u001b[31mname', hostile)], { full: true, titles: true });
      expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });

  test('is content with a clean log', async () => {
    const { text, bad } = await run(terminalMode, [named('x', '[    0.000000] Linux version 6.1.0\n')]);
    expect([text, bad]).toEqual(['x (35 bytes, 1 line): no kernel report\n', false]);
  });
});

describe('groups', () => {
  const nightly = [named('a', inversion), named('b', forgotten), named('c', inversion), named('d', '')];

  test('count a signature over all logs', async () => {
    const { text } = await run(groupMode, nightly);
    expect(text).toMatch(/^2 +2 +bug +a:13 +possible circular locking dependency/m);
    expect(text).toMatch(/^1 +1 +bug +b:18 +general protection fault in pipe_read/m);
    expect(text).toMatch(/4 logs: 7 bugs, 4 different\n$/);
  });

  test('the same as JSON', async () => {
    const { text } = await run(groupJsonMode, nightly);
    const { groups, files, counts } = groupsSchema.parse(JSON.parse(text));
    expect([files, counts.bug, groups.map(({ count }) => count)]).toEqual([4, 7, [2, 2, 2, 1]]);
    expect(groups.find(({ kind }) => kind === 'lockdep.circular')?.places).toEqual([
      { file: 'a', line: 13, start: expect.any(Number) },
      { file: 'c', line: 13, start: expect.any(Number) },
    ]);
  });
});

describe('following', () => {
  test('shows a report once and then counts it', async () => {
    const { text } = await run(followMode, [
      named('x', inversion, { type: 'quiet' }, inversion, { type: 'quiet' }, inversion),
    ]);
    expect(text.match(/^\d+ bug {2}/gm)).toHaveLength(3);
    expect(text.match(/^again {2}possible circular/gm)).toHaveLength(2);
    expect(text).toMatch(/9 bugs\n$/);
  });

  test('as JSON, each report is a line', async () => {
    const { text } = await run(followJsonMode, [named('x', inversion)]);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(reportSchema.loose().parse(line)).toMatchObject({
        schema: 'ringtrial.triage-report/1',
        file: 'x',
      });
  });
});

describe('the page', () => {
  test('needs nothing and shows what a log holds as text', async () => {
    const hostile =
      '[    1.0] WARNING: CPU: 0 PID: 1 at <script>alert(1)</script>:1 f"><img/src=x>+0x1/0x2\n' +
      '[    1.0] Call Trace:\n[    1.0]  <b>bold</b>\n[    1.0]  evil+0x1/0x2\n[    1.0] ---[ end trace 0 ]---\n';
    const { text, bad } = await run(htmlMode, [named('<i>name</i>', hostile), named('x', inversion)], {
      titles: true,
      suspect,
    });
    expect(bad).toBe(true);
    expect(text).not.toMatch(/<script|<img|<b>|<i>|<link|<iframe|\bon\w+=/);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    // The namespaces of SVG are names, not addresses that are asked.
    expect(text.match(/(?:src|href)="(?!#)[^"]*"/g)).toBeNull();
    expect(text.match(/https?:[^"\s<]*/g)?.filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual(
      [],
    );
    expect(text).toContain("default-src 'none'");
    expect(text).toContain('prefers-color-scheme: dark');
    expect(text).toContain('<svg');
    const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('no damage to a log makes a view fail', async () => {
  const whole = Buffer.concat([inversion, forgotten]);
  const damage = fc.array(
    fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 })),
    {
      maxLength: 30,
    },
  );
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (writes, from) => {
      const bytes = Buffer.from(whole.subarray(from));
      for (const [at, put] of writes)
        bytes.set(put.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
      for (const mode of [terminalMode, jsonMode, htmlMode, dotMode])
        await run(mode, [named('x', bytes)], { suspect, titles: true });
    }),
    { numRuns: 40 },
  );
});

describe('DOT', () => {
  test('has a graph for each report with locks and none for others', async () => {
    const { text } = await run(dotMode, [named('x', forgotten), named('y', inversion)]);
    expect(text.match(/^digraph/gm)).toHaveLength(1);
  });
});
