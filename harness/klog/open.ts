import type { HeaderRule } from './families/rule.ts';
import type { Header } from './headers.ts';
import type { Line } from './types.ts';

/** A report that is being read. */
export interface Open {
  header: Header;
  /** Index of the header in `lines`. */
  at: number;
  lines: Line[];
  /** Number of lines that certainly belong; later ones are dropped when the report closes. */
  kept: number;
  readonly callers: Set<string>;
  readonly timed: boolean;
  /** Reports that began earlier in the log. */
  readonly earlier: number;
  /** Lines in a row that do not look like a report. */
  strikes: number;
  /** Lines of other contexts and of user space since the last own line. */
  foreign: number;
  /** Reliable frames seen. */
  frames: number;
  finished: boolean;
  panic?: string;
}

/** Silence of the same context (in seconds) after which nothing more of a report is to be expected. */
const SILENCE = 10;
/** Unrelated lines in a row, of the same context, that end a report: before its stack, and after it (or without one). */
const PATIENCE = { before: 100, after: 4 };

/** Begins a report at its header; `lead` stands above it. */
export function open(header: Header, line: Line, lead: readonly Line[], earlier: number): Open {
  return {
    header,
    at: lead.length,
    lines: [...lead, line],
    kept: lead.length + 1,
    callers: new Set(line.caller === undefined ? [] : [line.caller]),
    timed: line.time !== undefined,
    earlier,
    strikes: 0,
    foreign: 0,
    frames: 0,
    finished: false,
  };
}

/** Whether a report has said nothing for so long that this line is no part of it. */
export function isSilent(report: Open, line: Line): boolean {
  const last = report.lines[report.kept - 1]?.time;
  return last !== undefined && line.time !== undefined && line.time - last > SILENCE;
}

/** Whether so much else was said that the report is over. */
export function isOver(report: Open): boolean {
  const told = report.frames > 0 || report.finished || report.header.rule.traceless === true;
  return report.strikes >= (told ? PATIENCE.after : PATIENCE.before);
}

/** A notice that some other context printed while a fault was being reported: it does not end that report. */
export const isPassing = (report: Open, header: Header): boolean =>
  header.rule.severity === 'info' &&
  report.header.rule.severity === 'bug' &&
  !report.finished &&
  report.frames > 0;

/** One header of two: the telling one's kind and title, the proper one's place. */
export function merged(telling: Header, proper: Header): Header {
  const { kind, severity, title = (): string => telling.text } = telling.rule;
  const { literal, re, continuedBy, last } = proper.rule;
  const rule: HeaderRule = {
    kind,
    severity,
    title,
    literal,
    re,
    ...(continuedBy === undefined ? {} : { continuedBy }),
    ...(last === undefined ? {} : { last }),
  };
  return { rule, groups: { ...proper.groups, ...telling.groups }, text: telling.text, proper };
}
