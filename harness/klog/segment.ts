import { belongs } from './body.ts';
import type { Header } from './headers.ts';
import { matchHeader } from './headers.ts';
import { divide, leadOf } from './lead.ts';
import type { Open } from './open.ts';
import { isOver, isPassing, isSilent, merged, open } from './open.ts';
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

/** Longest report kept whole: an RCU stall on a big machine is about 2,000 lines. */
const MAX_LINES = 4000;
const MAX_BYTES = 1 << 20;
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
      if (header.rule.oneLine === true || (owner !== undefined && isPassing(owner, header)))
        this.#single(header, line, owner);
      else {
        const lead = leadOf(line, before());
        const own = owner === undefined ? lead : divide(lead, header, owner);
        if (owner !== undefined) this.#close(owner, { torn: header.text });
        this.#start(header, line, own);
      }
    }
    if (this.#open.length > 1 || owner === undefined) this.#age(owner, line);
  }

  /** No more lines follow. */
  end(): void {
    for (const report of this.#open.slice()) this.#close(report, { cut: true });
  }

  #owner(line: Line): Open | undefined {
    const { caller } = line;
    if (caller === undefined) return this.#open.at(-1);
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const report = this.#open[i] as Open;
      if (report.callers.size === 0 || report.callers.has(caller)) return report;
    }
    // Backtraces that other CPUs print on request of a stall report carry their own caller id.
    if (!line.body.startsWith('NMI backtrace for cpu')) return undefined;
    const asking = this.#open.find((o) => STALL.test(o.header.rule.kind));
    asking?.callers.add(caller);
    return asking;
  }

  #age(owner: Open | undefined, line: Line): void {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const report = this.#open[i] as Open;
      if (
        report !== owner &&
        (++report.foreign > MAX_FOREIGN || (report.foreign > MIN_FOREIGN && isSilent(report, line)))
      )
        this.#close(report, {});
    }
  }

  #start(header: Header, line: Line, lead: readonly Line[]): void {
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.length >= MAX_OPEN) this.#close(oldest, {});
    this.#open.push(open(header, line, lead, this.#begun++));
  }

  #single(header: Header, line: Line, owner: Open | undefined): void {
    owner?.lines.push(line);
    this.#done({ header, at: 0, lines: [line], earlier: this.#begun++, cut: false });
  }

  /** Takes a header as part of an open report; false when it begins another one. */
  #absorb(report: Open, header: Header, line: Line): boolean {
    const { rule } = report.header;
    const fresh = report.frames === 0 && !report.finished;
    const body = line.body.trimStart();
    // A check within the code that prints a stall may itself warn.
    const nested = fresh && rule.kind.startsWith('rcu.') && header.rule.kind.startsWith('warn.');
    if (nested || rule.continuedBy?.test(body) === true) {
      this.#keep(report, line);
    } else if (header.rule.kind === 'warn.cut') {
      if (!fresh || rule.announces === undefined || rule.kind === 'warn.cut') return false;
      this.#keep(report, line);
    } else if (
      /^(?:panic|init)$/.test(header.rule.kind) &&
      rule.kind !== 'panic' &&
      rule.kind !== 'warn.cut'
    ) {
      report.panic ??= header.groups['why']?.trim() ?? header.text;
      report.finished = false;
      this.#keep(report, line);
    } else if (fresh && rule.announces?.test(body) === true) {
      report.at = report.lines.length;
      this.#keep(report, line);
      report.header = rule.kind === 'warn.cut' ? header : merged(report.header, header);
    } else if (fresh && rule.kind.startsWith('warn.') && header.rule.announces !== undefined) {
      this.#keep(report, line);
      report.header = merged(header, report.header);
    } else return false;
    return true;
  }

  #keep(report: Open, line: Line): void {
    report.lines.push(line);
    report.kept = report.lines.length;
    report.strikes = 0;
    report.foreign = 0;
    const first = report.lines[0] as Line;
    if (report.lines.length >= MAX_LINES || line.end - first.start > MAX_BYTES) this.#close(report, {});
  }

  #extend(report: Open, line: Line): void {
    if (isSilent(report, line)) {
      this.#close(report, {});
      return;
    }
    if (report.timed && line.time === undefined && line.body.trim() !== '') {
      // User space writes to the same console: not the kernel's words.
      if (++report.foreign > MAX_FOREIGN) this.#close(report, {});
      return;
    }
    const text = line.body.trim();
    const over = report.finished && !AFTERWORD.test(text);
    const how = over ? 'no' : belongs(line.body, text, report.header.rule.kind);
    if (how === 'frame' || how === 'sure') {
      if (how === 'frame' && !(text.includes('?') && text.includes('? '))) report.frames++;
      const sinceHeader = report.lines.length - report.at;
      this.#keep(report, line);
      if (END_MARK.test(text) || (sinceHeader > 1 && report.header.rule.last?.test(text) === true))
        report.finished = true;
      return;
    }
    report.lines.push(line);
    report.strikes += how === 'no' ? 1 : text === '' ? 0.25 : 0.5;
    if (isOver(report)) this.#close(report, {});
  }

  #close(report: Open, why: { readonly cut?: boolean; readonly torn?: string }): void {
    this.#open = this.#open.filter((o) => o !== report);
    const { header, at, earlier, panic } = report;
    const { rule } = header;
    const whole =
      report.finished || rule.traceless === true || (report.frames > 0 && rule.last === undefined);
    this.#done({
      header,
      at,
      lines: report.lines.slice(0, report.kept),
      earlier,
      ...(panic === undefined ? {} : { panic }),
      cut: why.cut === true && report.strikes === 0 && !report.finished,
      ...(why.torn === undefined || whole ? {} : { torn: why.torn }),
    });
  }
}
