import { readLog } from './reader.ts';
import type { KernelReport } from './types.ts';

/** What a golden file expects of the first report in its log; `title` is empty when there is none. */
export interface Expected {
  readonly title: string;
  readonly alt: readonly string[];
  readonly type: string;
  readonly frame: string;
  readonly corrupted: boolean;
  /** Byte offset in the log of the line that names the report, when the golden tells it. */
  readonly start?: number;
}

/** One golden file: a log and what it holds. */
export interface Golden {
  readonly name: string;
  readonly log: Uint8Array;
  readonly expected: Expected;
}

const REPORT = '\nREPORT:\n';

/** The function that a title names: `... in FUNC`, also with `/other`, ` / other` or ` at addr ADDR` behind. */
const frameOf = (title: string): string =>
  / in ([^\s/]+)(?:\/\S+| \/ \S+| at addr \S+| age=.*)?$/.exec(title)?.[1] ?? '';

/**
 * Reads a golden file in syzkaller's format (docs/ and pkg/report of syzkaller): header lines `TITLE:`, `ALT:`,
 * `TYPE:`, `FRAME:`, `CORRUPTED:`, `START:`, `#` comments; a blank line; the log; then perhaps `REPORT:`.
 */
export function readGolden(name: string, file: Uint8Array): Golden {
  const bytes = Buffer.from(file);
  const blank = bytes[0] === 0x0a ? 0 : bytes.indexOf('\n\n') + 1;
  const head = bytes.toString('utf8', 0, blank).split('\n');
  const end = bytes.indexOf(REPORT, blank);
  const log = bytes.subarray(blank + 1, end < 0 ? bytes.length : end);
  const all = (key: string): string[] =>
    head.filter((l) => l.startsWith(`${key}:`)).map((l) => l.slice(key.length + 1).trim());
  const one = (key: string): string => all(key)[0] ?? '';
  const startLine = head.find((l) => l.startsWith('START: '))?.slice('START: '.length);
  const start = startLine === undefined ? -1 : log.indexOf(startLine);
  const title = one('TITLE');
  return {
    name,
    log,
    expected: {
      title,
      alt: all('ALT'),
      type: one('TYPE'),
      frame: one('FRAME') || frameOf(title),
      corrupted: one('CORRUPTED') === 'Y',
      ...(start < 0 ? {} : { start }),
    },
  };
}

/** Offsets that the golden files leave out: one JSON document a line, `{"case","start",...}`. */
export function withManifest(goldens: readonly Golden[], manifest: string): Golden[] {
  const rows = new Map<string, { start?: number | null; frame?: string }>();
  for (const line of manifest.split('\n').filter(Boolean)) {
    const row = JSON.parse(line) as { case: string; start?: number | null; frame?: string };
    rows.set(row.case, row);
  }
  return goldens.map((g) => {
    const row = rows.get(g.name);
    const start = row?.start ?? undefined;
    const frame = row?.frame ?? g.expected.frame;
    return { ...g, expected: { ...g.expected, frame, ...(start === undefined ? {} : { start }) } };
  });
}

/** So many of so many. */
export interface Ratio {
  readonly right: number;
  readonly of: number;
}

const FIELDS = ['title', 'titleOrAlt', 'type', 'frame', 'start', 'corrupted'] as const;
export type Field = (typeof FIELDS)[number];

/** How the reader does on a set of golden files. */
export interface CorpusScore {
  readonly recall: Ratio;
  readonly falsePositives: Ratio;
  readonly fields: Readonly<Record<Field, Ratio>>;
  /** lockdep reports that the goldens call whole, and how many of them were parsed into full structure. */
  readonly lockdepStructure: Ratio;
  readonly misses: readonly {
    readonly name: string;
    readonly field: string;
    readonly want: string;
    readonly got: string;
  }[];
}

/** The first report that syzkaller would take for a crash: goldens describe no other. */
const firstOf = (log: Uint8Array): KernelReport | undefined =>
  readLog(log).find((r) => r.titles !== undefined);

function judge(want: Expected, got: KernelReport): Record<Field, readonly [boolean, string, string]> {
  const titles = got.titles ?? { title: '', alt: [], type: '', frame: '' };
  const ours = [titles.title, ...titles.alt];
  const same = (a: string, b: string): readonly [boolean, string, string] => [a === b, a, b];
  return {
    title: same(want.title, titles.title),
    titleOrAlt: [[want.title, ...want.alt].some((t) => ours.includes(t)), want.title, ours.join(' | ')],
    type: same(want.type, titles.type),
    frame: same(want.frame, titles.frame),
    start: want.start === undefined ? [true, '', ''] : same(String(want.start), String(got.start)),
    corrupted: [
      want.corrupted === (got.corrupted !== undefined),
      String(want.corrupted),
      got.corrupted ?? 'false',
    ],
  };
}

const CYCLIC = /^lockdep\.(?:circular|recursive|inconsistent|irq-inversion|safe-unsafe|wait-context)/;

/** Whether nothing is missing of what a report of its kind always tells, or all that its log kept was made out. */
export function isFull(report: KernelReport): boolean {
  const { lockdep, kind } = report;
  if (lockdep === undefined) return false;
  if (kind === 'lockdep.rcu') return lockdep.check !== undefined;
  if (!CYCLIC.test(kind)) return true;
  const untold = lockdep.edges.filter((e) => e.how !== 'interrupt' && e.acquiredIn === undefined);
  return (
    lockdep.incomplete === undefined &&
    lockdep.cycle.length > 0 &&
    lockdep.wanted?.at !== undefined &&
    untold.length <= (lockdep.abridged ?? 0)
  );
}

/** Scores the reader on golden files. */
export function scoreGoldens(goldens: Iterable<Golden>): CorpusScore {
  const count = { recall: [0, 0], false: [0, 0], full: [0, 0] };
  const fields = Object.fromEntries(FIELDS.map((f) => [f, [0, 0]])) as Record<Field, [number, number]>;
  const misses: { name: string; field: string; want: string; got: string }[] = [];
  const add = (pair: number[], right: boolean): void => {
    pair[0] = (pair[0] ?? 0) + Number(right);
    pair[1] = (pair[1] ?? 0) + 1;
  };
  for (const { name, log, expected } of goldens) {
    const report = firstOf(log);
    const positive = expected.title !== '';
    add(positive ? count.recall : count.false, report !== undefined);
    if ((report !== undefined) !== positive)
      misses.push({ name, field: 'detection', want: expected.title, got: report?.titles?.title ?? '' });
    if (!positive || report === undefined) continue;
    for (const [field, [right, want, got]] of Object.entries(judge(expected, report)) as [
      Field,
      [boolean, string, string],
    ][]) {
      add(fields[field], right);
      if (!right) misses.push({ name, field, want, got });
    }
    if (report.lockdep !== undefined && !expected.corrupted) add(count.full, isFull(report));
  }
  const ratio = ([right = 0, of = 0]: readonly number[]): Ratio => ({ right, of });
  return {
    recall: ratio(count.recall),
    falsePositives: ratio(count.false),
    fields: Object.fromEntries(FIELDS.map((f) => [f, ratio(fields[f])])) as Record<Field, Ratio>,
    lockdepStructure: ratio(count.full),
    misses,
  };
}

/** Every way in which loggers prefix a kernel message. */
export const PREFIX_FORMS: Readonly<Record<string, (message: string) => string>> = {
  bare: (m) => m,
  time: (m) => `[   12.345678] ${m}`,
  'time and task': (m) => `[   12.345678][   T12] ${m}`,
  'time and CPU': (m) => `[   12.345678] [    C0] ${m}`,
  level: (m) => `<4>${m}`,
  'level and time': (m) => `<4>[   12.345678] ${m}`,
  'dmesg -x': (m) => `kern  :warn  : [   12.345678] ${m}`,
  'dmesg -T': (m) => `[Mon Nov 23 05:00:25 2026] ${m}`,
  'dmesg --color': (m) => `\u001b[32m[   12.345678] \u001b[0m\u001b[33m${m}\u001b[0m`,
  '/dev/kmsg': (m) => `4,1234,12345678,-;${m}`,
  '/dev/kmsg with caller': (m) => `4,1234,12345678,-,caller=T12;${m}`,
  syslog: (m) => `Nov 23 05:00:25 host kernel: ${m}`,
  'syslog with time': (m) => `Nov 23 05:00:25 host kernel: [   12.345678] ${m}`,
  'RFC 3339': (m) => `2026-11-23T05:00:25.123456+00:00 host kernel: [   12.345678] ${m}`,
  'journalctl -o short-iso': (m) => `2026-11-23T05:00:25+0000 host kernel: ${m}`,
  'journalctl -o short-monotonic': (m) => `[   12.345678] host kernel: ${m}`,
  serial: (m) => `[   12.345678] ${m}\r`,
};

/** How many of a table's header lines (`kind TAB line`) are recognised with their kind, under each prefix. */
export function scoreHeaders(table: string): Record<string, Ratio & { readonly missed: readonly string[] }> {
  const rows = table
    .split('\n')
    .filter(Boolean)
    .map((l) => l.split('\t') as [string, string]);
  return Object.fromEntries(
    Object.entries(PREFIX_FORMS).map(([form, wrap]) => {
      const missed = rows.filter(([kind, line]) => {
        const found = readLog(`${wrap(line)}\n`);
        return found.length !== 1 || found[0]?.kind !== kind;
      });
      return [
        form,
        { right: rows.length - missed.length, of: rows.length, missed: missed.map(([kind]) => kind) },
      ];
    }),
  );
}
