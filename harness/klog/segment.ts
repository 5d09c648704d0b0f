import { isBanner, isBody, isLast } from './body.ts';
import type { Header } from './headers.ts';
import { matchHeader } from './headers.ts';
import type { Line } from './types.ts';

/** The lines of one report, cut out of the log but not yet understood. */
export interface Segment {
  readonly header: Header;
  /** Index of the header in `lines`. */
  readonly at: number;
  readonly lines: readonly Line[];
  readonly panic?: string;
  /** The input ended inside the report. */
  readonly cut: boolean;
}

interface Open {
  header: Header;
  at: number;
  lines: Line[];
  /** Number of lines that certainly belong; later ones are dropped when the report closes. */
  kept: number;
  callers: Set<string>;
  strikes: number;
  finished: boolean;
  hasTrace: boolean;
  panic?: string;
}

/** Longest report kept whole: an RCU stall on a big machine is about 2,000 lines. */
const MAX_LINES = 4000;
const LEAD_LINES = 4;
/** Unrelated lines in a row, of the same context, that end a report. */
const PATIENCE = 4;
const STALL = /^(?:rcu|hung|softlockup|hardlockup|csd|wq)/;

/**
 * Cuts a log into reports, line by line. With caller ids (CONFIG_PRINTK_CALLER) reports that several
 * contexts print at the same time are told apart; without them the next header ends the report before it.
 */
export class Segmenter {
  #open: Open[] = [];
  readonly #done: (segment: Segment) => void;

  constructor(done: (segment: Segment) => void) {
    this.#done = done;
  }

  /** Whether no report is open, so that lines without a header may be skipped. */
  get idle(): boolean {
    return this.#open.length === 0;
  }

  /** `before` gives the lines just above, newest first; it is called for lines with a header only. */
  feed(line: Line, before: () => readonly Line[]): void {
    const header = matchHeader(line.body);
    const owner = this.#owner(line);
    if (header !== undefined) {
      if (owner !== undefined && this.#absorb(owner, header, line)) return;
      if (owner !== undefined) this.#close(owner, false);
      this.#start(header, line, before());
      return;
    }
    if (owner !== undefined) this.#extend(owner, line);
  }

  /** No more lines follow. */
  end(): void {
    for (const open of [...this.#open]) this.#close(open, true);
  }

  #owner(line: Line): Open | undefined {
    const same = this.#open.find(
      (o) => line.caller === undefined || o.callers.size === 0 || o.callers.has(line.caller),
    );
    if (same !== undefined || line.caller === undefined) return same;
    // Backtraces that other CPUs print on request of a stall report carry their own caller id.
    const asking = this.#open.find((o) => STALL.test(o.header.rule.kind));
    if (asking === undefined || !/^NMI backtrace for cpu/.test(line.body)) return undefined;
    asking.callers.add(line.caller);
    return asking;
  }

  #start(header: Header, line: Line, before: readonly Line[]): void {
    const lead: Line[] = [];
    for (const l of before.slice(0, LEAD_LINES)) {
      if (!isBanner(l.body) || (line.caller !== undefined && l.caller !== line.caller)) break;
      lead.unshift(l);
    }
    while (lead[0] !== undefined && lead[0].body.trim() === '') lead.shift();
    this.#open.push({
      header,
      at: lead.length,
      lines: [...lead, line],
      kept: lead.length + 1,
      callers: new Set(line.caller === undefined ? [] : [line.caller]),
      strikes: 0,
      finished: false,
      hasTrace: false,
    });
  }

  /** Takes a header as part of an open report; false when it begins another one. */
  #absorb(open: Open, header: Header, line: Line): boolean {
    const { rule } = open.header;
    if (header.rule.kind === 'warn.cut') return false;
    if (/^(?:panic|init)$/.test(header.rule.kind) && rule.kind !== 'panic') {
      open.panic ??= header.groups['why']?.trim() ?? header.text;
      open.finished &&= open.hasTrace;
    } else if (rule.announces?.test(line.body) === true && !open.hasTrace) {
      const kind = rule.kind === 'warn.cut' ? header.rule.kind : rule.kind;
      const title = rule.kind === 'warn.cut' ? header.rule.title : rule.title;
      const text = rule.kind === 'warn.cut' ? header.text : open.header.text;
      const { announces: _, ...next } = header.rule;
      open.header = {
        rule: {
          ...next,
          kind,
          ...(title === undefined ? {} : { title }),
          ...(rule.kind === 'warn.cut' && header.rule.announces ? { announces: header.rule.announces } : {}),
        },
        groups: {
          ...open.header.groups,
          ...header.groups,
          ...(rule.kind === 'warn.cut' ? {} : open.header.groups),
        },
        text,
      };
      open.at = open.lines.length;
    } else if (rule.continuedBy?.test(line.body) !== true) return false;
    this.#keep(open, line);
    return true;
  }

  #keep(open: Open, line: Line): void {
    open.lines.push(line);
    open.kept = open.lines.length;
    open.strikes = 0;
    if (open.lines.length >= MAX_LINES) this.#close(open, false);
  }

  #extend(open: Open, line: Line): void {
    const first = open.lines[open.at] as Line;
    if (first.time !== undefined && line.time === undefined && !/^\s|^$/.test(line.body)) {
      // User space writes to the same console: not the kernel's words.
      if (++open.strikes > 64) this.#close(open, false);
      return;
    }
    const belongs = isBody(line.body) && !(open.finished && line.body.trim() !== '');
    if (belongs) {
      if (/^\s*(?:Call [Tt]race|Backtrace)/.test(line.body)) open.hasTrace = true;
      if (
        open.lines.length > open.at + 1 &&
        isLast(line.body) &&
        (open.hasTrace || open.lines.length > open.at + 12)
      ) {
        this.#keep(open, line);
        open.finished = true;
        return;
      }
      this.#keep(open, line);
      return;
    }
    open.lines.push(line);
    if (++open.strikes >= PATIENCE * (open.hasTrace ? 1 : 3)) this.#close(open, false);
  }

  #close(open: Open, cut: boolean): void {
    this.#open = this.#open.filter((o) => o !== open);
    let n = open.kept;
    while (n > open.at + 1 && (open.lines[n - 1] as Line).body.trim() === '') n--;
    this.#done({
      header: open.header,
      at: open.at,
      lines: open.lines.slice(0, n),
      ...(open.panic === undefined ? {} : { panic: open.panic }),
      cut: cut && open.strikes === 0 && !open.finished,
    });
  }
}
