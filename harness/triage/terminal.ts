import { type KernelReport, type Severity } from '../klog/index.ts';
import { styled } from '../output/screen.ts';
import { table } from '../output/table.ts';
import type { Attribution } from './attribute.ts';
import type { Collection, Counts, Entry, Place } from './collection.ts';
import { fold } from './fold.ts';
import { safe, safeLine } from './safe.ts';
import type { LogFacts } from './scan.ts';
import { causeWords, countWords, placeWords, sentences, sizeWords, wrapped } from './words.ts';

export interface TerminalOptions {
  readonly stream: NodeJS.WriteStream;
  /** Show every line of a report. */
  readonly full: boolean;
  /** Say what syzkaller would call a report. */
  readonly titles: boolean;
  readonly attribution?: ((report: KernelReport) => Attribution | undefined) | undefined;
}

const COLOUR = { bug: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<Severity, string>;
const CAUSE_COLOUR = {
  introduced: 'red',
  exposed: 'yellow',
  'pre-existing': 'green',
  unrelated: 'green',
} as const;

/** One log for people: what was found, then each report with its explanation and its folded text. */
export function renderLog(facts: LogFacts, collection: Collection, options: TerminalOptions): string {
  const { entries, left } = collection;
  return [
    headline(facts, collection.counts, options.stream),
    ...facts.notices.map((notice) => `${styled('yellow', 'note:', options.stream)} ${safeLine(notice)}\n`),
    ...(entries.length > 1 ? [summary(entries, options)] : []),
    ...(left > 0 ? [`And ${left} more reports of other kinds; --json lists all.\n`] : []),
    ...entries.map((entry, index) => `\n${renderEntry(entry, index + 1, options)}`),
  ].join('');
}

function headline(facts: LogFacts, counts: Counts, stream: NodeJS.WriteStream): string {
  const size = `${sizeWords(facts.bytes)}, ${facts.lines} line${facts.lines === 1 ? '' : 's'}`;
  const colour = counts.bug > 0 ? 'red' : counts.warning > 0 ? 'yellow' : 'green';
  return `${styled('bold', safeLine(facts.name), stream)} (${size}): ${styled(['bold', colour], countWords(counts), stream)}\n`;
}

function summary(entries: readonly Entry[], { stream, attribution }: TerminalOptions): string {
  const rows = entries.map(({ report, count, places }, index) => [
    String(index + 1),
    report.severity,
    count > 1 ? `${count}x` : '',
    timeOf(report),
    placeWords(places[0]).replace(/^.*:(?=\d+$)/, 'line '),
    ...(attribution === undefined ? [] : [attribution(report)?.cause ?? '']),
    safeLine(report.title),
  ]);
  const headings = ['', '', '', 'time', 'where', ...(attribution === undefined ? [] : ['patch']), 'report'];
  return table(headings, rows)
    .split('\n')
    .map((line) =>
      line.replace(/\b(?:bug|warning|info)\b/, (word) => styled(COLOUR[word as Severity], word, stream)),
    )
    .join('\n');
}

const timeOf = ({ timestamp }: KernelReport): string =>
  timestamp === undefined ? '' : `${timestamp.toFixed(3)} s`;

/** One report: heading, facts, explanation, attribution, text. */
export function renderEntry(entry: Entry, number: number, options: TerminalOptions): string {
  const { stream } = options;
  const { report, count, places } = entry;
  const width = Math.min(stream.columns ?? 100, 120);
  const bar = styled([COLOUR[report.severity], 'bold'], `${number} ${report.severity}`, stream);
  const paragraph = (text: string): string =>
    `${wrapped(safeLine(text), width - 3)
      .join('\n')
      .replaceAll(/^/gm, '   ')}\n`;
  return [
    `${bar}  ${styled('bold', safeLine(report.title), stream)}\n`,
    styled('dim', paragraph(factWords(report, places, count)).trimEnd(), stream),
    '\n',
    ...sentences(report).map(paragraph),
    ...attributionText(report, options, paragraph),
    ...(options.titles ? titleLines(report).map(paragraph) : []),
    '\n',
    textLines(report, options),
  ].join('');
}

function factWords(report: KernelReport, places: readonly Place[], count: number): string {
  const facts = [
    report.kind,
    placeWords(places[0]),
    timeOf(report),
    report.cpu === undefined ? '' : `CPU ${report.cpu}`,
    report.task === undefined ? '' : `${report.task.comm}/${report.task.pid}`,
    report.context === undefined || report.context === 'task' ? '' : `in ${report.context}`,
    report.release === undefined ? '' : `Linux ${report.release}`,
    report.taint === undefined ? '' : `tainted ${report.taint}`,
    count > 1
      ? `${count} times: ${places.slice(1, 6).map(placeWords).join(', ')}${count > 6 ? ', ...' : ''}`
      : '',
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

function attributionText(
  report: KernelReport,
  { attribution, stream }: TerminalOptions,
  paragraph: (text: string) => string,
): string[] {
  const found = attribution?.(report);
  if (found === undefined) return [];
  const words = causeWords(found.cause);
  const first = paragraph(`${words} (${found.score.toFixed(2)}): ${found.reason}`);
  return [
    first.replace(words, styled(['bold', CAUSE_COLOUR[found.cause]], words, stream)),
    ...found.evidence
      .filter(({ text }) => text !== found.reason)
      .slice(0, 3)
      .map(({ text }) => paragraph(`Also: ${text}`)),
  ];
}

const titleLines = ({ titles }: KernelReport): string[] =>
  titles === undefined
    ? ['syzkaller: no title']
    : [`syzkaller: ${titles.title}`, ...titles.alt.map((alt) => `syzkaller's other title: ${alt}`)];

function textLines(report: KernelReport, { full, stream }: TerminalOptions): string {
  const text = safe(report.text);
  const parts = full
    ? text
        .trimEnd()
        .split('\n')
        .map((line) => ({ type: 'line' as const, text: line }))
    : fold(text);
  return parts
    .map((part) =>
      part.type === 'line'
        ? `   ${coloured(part.text, stream)}\n`
        : `   ${styled('dim', `  ... ${part.lines.length} line${part.lines.length === 1 ? '' : 's'}: ${part.what}`, stream)}\n`,
    )
    .join('');
}

/** The prefix stands back. */
function coloured(line: string, stream: NodeJS.WriteStream): string {
  const prefix = /^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?/.exec(line)?.[0] ?? '';
  return `${prefix === '' ? '' : styled('dim', prefix, stream)}${line.slice(prefix.length)}`;
}

/** All logs together: signatures with how often they came, the most frequent first. */
export function renderGroups(collection: Collection, files: number, options: TerminalOptions): string {
  const entries = collection.entries.toSorted((a, b) => b.count - a.count);
  const many = files === 1 ? '1 log' : `${files} logs`;
  const closing = `${many}: ${countWords(collection.counts)}, ${entries.length} different${collection.left > 0 ? ` and ${collection.left} more that were not told apart` : ''}\n`;
  if (entries.length === 0) return closing;
  const rows = entries.map(({ report, count, files: inFiles, places }) => [
    String(count),
    String(inFiles),
    report.severity,
    safeLine(placeWords(places[0])),
    safeLine((options.titles && report.titles?.title) || report.title),
  ]);
  return `${table(['count', 'logs', '', 'first seen', 'report'], rows)}\n${closing}`;
}
