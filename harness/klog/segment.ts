import { belongs, isBanner } from './body.ts';
import type { HeaderRule } from './families/rule.ts';
import type { Header } from './headers.ts';
import { matchHeader } from './headers.ts';
import { isFrame } from './trace.ts';
import type { Line } from './types.ts';

/** The lines of one report, cut out of the log but not yet understood. */
export interface Segment {
  readonly header: Header;
  /** Index of the header in `lines`. */
  readonly at: number;
  readonly lines: readonly Line[];
  /** Reports that began earlier in the log. */
  readonly earlier: number;
  readonly panic?: string;
  /** The input ended inside the report. */
  readonly cut: boolean;
  /** Another report began in the same context before this one had shown its stack. */
  readonly torn?: string;
}

interface Open {
  header: Header;
  at: number;
  lines: Line[];
  /** Number of lines that certainly belong; later ones are dropped when the report closes. */
  kept: number;
  readonly callers: Set<string>;
  readonly timed: boolean;
  readonly earlier: number;
  /** Lines in a row that do not look like a report. */
  strikes: number;
  /** Lines of other contexts and of user space since the last own line. */
  foreign: number;
  frames: number;
  finished: boolean;
  panic?: string;
}

/** Longest report kept whole: an RCU stall on a big machine is about 2,000 lines. */
const MAX_LINES = 4000;
const MAX_BYTES = 1 << 20;
const LEAD_LINES = 4;
/** Unrelated lines in a row, of the same context, that end a report: before and after its stack. */
const PATIENCE = { before: 100, after: 4 };
/** Silence of the same context (in seconds) after which nothing more of a report is to be expected. */
const SILENCE = 10;
/** Contexts that report at the same time; more than CPUs and a handful of tasks is noise. */
const MAX_OPEN = 32;
/** Other contexts may talk this long (in lines) before a report that hears nothing more is closed. */
const MAX_FOREIGN = 400;
/** So many of them must have come before their clock counts: clocks of a glued log may differ. */
const MIN_FOREIGN = 20;

const STALL = /^(?:rcu|hung|softlockup|hardlockup|csd|wq)/;
/** What the kernel may still say of a report after its end mark. */
const AFTERWORD =
  /^(?:Kernel panic|note: |Kernel Offset|Dumping ftrace|\(ftrace buffer|Rebooting in|SMP: |Disabling lock|Memory Limit|CPU features|PHYS_OFFSET|---\[ end Kernel|INFO: lockdep is turned off|[A-Z][A-Z0-9]{1,3}: [0-9a-f]{4}|RIP|Code: )/;
const END_MARK = /^---\[ end (?:trace|Kernel panic)|^Rebooting in /;

/**
 * Cuts a log into reports, line by line. With caller ids (CONFIG_PRINTK_CALLER) reports that several
 * contexts print at the same time are told apart; without them the next header ends the report before it.
 */
export class Segmenter {
  #open: Open[] = [];
  #begun = 0;
  readonly #done: (segment: Segment) => void;

  constructor(done: (segment: Segment) => void) {
    this.#done = done;
  }

  /** Whether no report is open, so that lines without a header may be skipped. */
  get idle(): boolean {
    return this.#open.length === 0;
  }

  /**
   * Takes the next line. `mayBeHeader`: the line holds a header's literal. `before` gives the lines just
   * above, newest first; it is called only when a report begins.
   */
  feed(line: Line, mayBeHeader: boolean, before: () => readonly Line[]): void {
    const header = mayBeHeader ? matchHeader(line) : undefined;
    const owner = this.#owner(line);
    if (header === undefined) {
      if (owner !== undefined) this.#extend(owner, line);
    } else if (owner === undefined || !this.#absorb(owner, header, line)) {
      if (header.rule.oneLine === true || (owner !== undefined && passing(owner, header)))
        this.#single(header, line, owner);
      else {
        if (owner !== undefined) this.#close(owner, { torn: header.text });
        this.#start(header, line, before());
      }
    }
    if (this.#open.length > 1 || owner === undefined) this.#age(owner, line);
  }

  /** No more lines follow. */
  end(): void {
    for (const open of this.#open.slice()) this.#close(open, { cut: true });
  }

  #owner(line: Line): Open | undefined {
    const { caller } = line;
    const same = this.#open.findLast(
      (o) => caller === undefined || o.callers.size === 0 || o.callers.has(caller),
    );
    if (same !== undefined || caller === undefined) return same;
    // Backtraces that other CPUs print on request of a stall report carry their own caller id.
    if (!line.body.startsWith('NMI backtrace for cpu')) return undefined;
    const asking = this.#open.find((o) => STALL.test(o.header.rule.kind));
    asking?.callers.add(caller);
    return asking;
  }

  #age(owner: Open | undefined, line: Line): void {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const open = this.#open[i] as Open;
      if (
        open !== owner &&
        (++open.foreign > MAX_FOREIGN || (open.foreign > MIN_FOREIGN && silent(open, line)))
      )
        this.#close(open, {});
    }
  }

  #start(header: Header, line: Line, before: readonly Line[]): void {
    const lead: Line[] = [];
    for (const l of before.slice(0, LEAD_LINES)) {
      if (!isBanner(l.body) || l.caller !== line.caller) break;
      lead.unshift(l);
    }
    while (lead[0] !== undefined && lead[0].body.trim() === '') lead.shift();
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.length >= MAX_OPEN) this.#close(oldest, {});
    this.#open.push({
      header,
      at: lead.length,
      lines: [...lead, line],
      kept: lead.length + 1,
      callers: new Set(line.caller === undefined ? [] : [line.caller]),
      timed: line.time !== undefined,
      earlier: this.#begun++,
      strikes: 0,
      foreign: 0,
      frames: 0,
      finished: false,
    });
  }

  #single(header: Header, line: Line, owner: Open | undefined): void {
    owner?.lines.push(line);
    this.#done({ header, at: 0, lines: [line], earlier: this.#begun++, cut: false });
  }

  /** Takes a header as part of an open report; false when it begins another one. */
  #absorb(open: Open, header: Header, line: Line): boolean {
    const { rule } = open.header;
    const fresh = open.frames === 0 && !open.finished;
    const body = line.body.trimStart();
    // A check within the code that prints a stall may itself warn.
    const nested = fresh && rule.kind.startsWith('rcu.') && header.rule.kind.startsWith('warn.');
    if (nested || rule.continuedBy?.test(body) === true) {
      this.#keep(open, line);
    } else if (header.rule.kind === 'warn.cut') {
      if (!fresh || rule.announces === undefined || rule.kind === 'warn.cut') return false;
      this.#keep(open, line);
    } else if (
      /^(?:panic|init)$/.test(header.rule.kind) &&
      rule.kind !== 'panic' &&
      rule.kind !== 'warn.cut'
    ) {
      open.panic ??= header.groups['why']?.trim() ?? header.text;
      open.finished = false;
      this.#keep(open, line);
    } else if (fresh && rule.announces?.test(body) === true) {
      open.at = open.lines.length;
      this.#keep(open, line);
      open.header = rule.kind === 'warn.cut' ? header : merged(open.header, header);
    } else if (fresh && rule.kind.startsWith('warn.') && header.rule.announces !== undefined) {
      this.#keep(open, line);
      open.header = merged(header, open.header);
    } else return false;
    return true;
  }

  #keep(open: Open, line: Line): void {
    open.lines.push(line);
    open.kept = open.lines.length;
    open.strikes = 0;
    open.foreign = 0;
    const first = open.lines[0] as Line;
    if (open.lines.length >= MAX_LINES || line.end - first.start > MAX_BYTES) this.#close(open, {});
  }

  #extend(open: Open, line: Line): void {
    if (silent(open, line)) {
      this.#close(open, {});
      return;
    }
    if (open.timed && line.time === undefined && line.body.trim() !== '') {
      // User space writes to the same console: not the kernel's words.
      if (++open.foreign > MAX_FOREIGN) this.#close(open, {});
      return;
    }
    const text = line.body.trim();
    const how = open.finished && !AFTERWORD.test(text) ? 'no' : belongs(line.body);
    if (how === 'sure') {
      if (isFrame(text) && !text.includes('? ')) open.frames++;
      const sinceHeader = open.lines.length - open.at;
      this.#keep(open, line);
      if (END_MARK.test(text) || (sinceHeader > 1 && open.header.rule.last?.test(text) === true))
        open.finished = true;
      return;
    }
    open.lines.push(line);
    open.strikes += how === 'no' ? 1 : text === '' ? 0.25 : 0.5;
    if (open.strikes >= (open.frames > 0 || open.finished ? PATIENCE.after : PATIENCE.before))
      this.#close(open, {});
  }

  #close(open: Open, why: { readonly cut?: boolean; readonly torn?: string }): void {
    this.#open = this.#open.filter((o) => o !== open);
    const { header, at, earlier, panic } = open;
    const { rule } = header;
    const whole = open.finished || rule.traceless === true || (open.frames > 0 && rule.last === undefined);
    this.#done({
      header,
      at,
      lines: open.lines.slice(0, open.kept),
      earlier,
      ...(panic === undefined ? {} : { panic }),
      cut: why.cut === true && open.strikes === 0 && !open.finished,
      ...(why.torn === undefined || whole ? {} : { torn: why.torn }),
    });
  }
}

/** Whether a report has said nothing for so long that this line is no part of it. */
function silent(open: Open, line: Line): boolean {
  const last = open.lines[open.kept - 1]?.time;
  return last !== undefined && line.time !== undefined && line.time - last > SILENCE;
}

/** A notice that some other context printed while a fault was being reported: it does not end that report. */
const passing = (open: Open, header: Header): boolean =>
  header.rule.severity === 'info' && open.header.rule.severity === 'bug' && !open.finished && open.frames > 0;

/** One header of two: the telling one's kind and title, the proper one's place. */
function merged(telling: Header, proper: Header): Header {
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
  return {
    rule,
    groups: { ...proper.groups, ...telling.groups },
    text: telling.text,
    proper,
  };
}
