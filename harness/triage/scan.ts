import { type KernelReport, LogReader } from '../klog/index.ts';
import { LineIndex } from './line-index.ts';
import type { LogSource } from './source.ts';

/** A report and where it stands. */
export interface Found {
  readonly report: KernelReport;
  /** Number (from 1) of the line that names it; undefined when that is too far back to be counted. */
  readonly line: number | undefined;
}

/** What is known of a log besides its reports. */
export interface LogFacts {
  readonly name: string;
  readonly bytes: number;
  readonly lines: number;
  /** Why reports may be missing or misleading, one sentence each. */
  readonly notices: readonly string[];
}

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called in order, and waited for: a slow receiver slows the reading down. */
  readonly onReport: (found: Found) => void | Promise<void>;
}

/**
 * Reads a log piece by piece, in memory that does not grow with it.
 *
 * @throws LogUnreadableError, NotALogError, the signal's reason when aborted, and what `onReport` throws
 */
export async function scanLog(source: LogSource, options: ScanOptions): Promise<LogFacts> {
  const scan = new Scan();
  for await (const piece of source.pieces(options.signal)) {
    const found = piece.type === 'data' ? scan.push(piece.bytes) : scan.pause(piece);
    for (const one of found) await options.onReport(one);
  }
  for (const one of scan.pause()) await options.onReport(one);
  return scan.facts(source.name);
}

/** One reading of a log, from its first byte. */
class Scan {
  #reader = new LogReader();
  #lines = new LineIndex();
  /** Offset in the log at which the reader at hand began. */
  #base = 0;
  #earlier = 0;
  #lockdepStopped = false;
  #restarts: string[] = [];
  /** Where reports start that are told and stand in the unfinished line. */
  readonly #told = new Set<number>();
  /** The unfinished line at the end: what a new reader must see first. */
  #tail: Buffer = Buffer.alloc(0);
  readonly #watch = new Watch();

  push(bytes: Uint8Array): Found[] {
    this.#lines.push(bytes);
    this.#watch.push(bytes);
    const newline = bytes.lastIndexOf(0x0a);
    this.#tail =
      newline < 0
        ? Buffer.concat([this.#tail, bytes]).subarray(-65536)
        : Buffer.from(bytes.subarray(newline + 1));
    return this.#located(this.#reader.push(bytes));
  }

  /** Closes the reports that are open; what comes later is read by a new reader. */
  pause(piece?: { readonly type: 'quiet' } | { readonly type: 'restart'; readonly why: string }): Found[] {
    const found = this.#located(this.#reader.end());
    this.#reader = new LogReader();
    this.#base = this.#lines.bytes;
    if (piece?.type === 'restart') {
      this.#restarts.push(piece.why);
      this.#lines = new LineIndex();
      [this.#base, this.#tail, this.#earlier] = [0, Buffer.alloc(0), 0];
      this.#told.clear();
    } else if (piece?.type === 'quiet') {
      this.#base -= this.#tail.length;
      this.#reader.push(this.#tail);
    }
    return found;
  }

  /** Without those that were read a second time, because an unfinished line named them. */
  #located(reports: readonly KernelReport[]): Found[] {
    return reports
      .filter((report) => !this.#told.has(report.start + this.#base))
      .map((report) => this.#locate(report));
  }

  #locate(report: KernelReport): Found {
    const shifted =
      this.#base === 0
        ? report
        : {
            ...report,
            start: report.start + this.#base,
            lead: report.lead + this.#base,
            end: report.end + this.#base,
          };
    // A new reader does not know what the one before it found.
    const secondary = this.#base > 0 && this.#earlier > 0 ? { secondary: true } : {};
    this.#earlier++;
    // Of lockdep's own complaints only the one about RCU leaves it running (lockdep_rcu_suspicious, lockdep.c).
    if (report.kind.startsWith('lockdep.') && report.kind !== 'lockdep.rcu') this.#lockdepStopped = true;
    if (shifted.start >= this.#lines.bytes - this.#tail.length) this.#told.add(shifted.start);
    return { report: { ...shifted, ...secondary }, line: this.#lines.lineAt(shifted.start) };
  }

  facts(name: string): LogFacts {
    return {
      name,
      bytes: this.#lines.bytes,
      lines: this.#lines.lines,
      notices: [
        ...this.#restarts.map((why) => `${why}; offsets and line numbers count from there.`),
        ...this.#watch.notices(this.#earlier > 0),
        ...(this.#lockdepStopped
          ? [
              'Lockdep stops after its first report: later locking errors of the same boot are not in this log.',
            ]
          : []),
      ],
    };
  }
}

const DROPPED = ' printk messages dropped **';
/** The kernel's ways to begin a line, with and without those who pass it on (see the prefixes that klog knows). */
const KERNEL_LINE =
  /^(?:<\d{1,3}>)?\[ *\d+\.\d+\]|^<\d{1,3}>|^\d+,\d+,\d+,[-c+]|\bkernel(?:\[\d+\])?: |^kern {0,3}:|Linux version \d/m;

/** Looks for signs that the log is not what it should be. */
class Watch {
  #head = '';
  #empty = true;
  #dropped = false;
  #overlap: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.#empty &&= bytes.length === 0;
    if (this.#head.length < 65536)
      this.#head += Buffer.from(bytes.subarray(0, 65536 - this.#head.length)).toString('latin1');
    if (this.#dropped) return;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#dropped =
      Buffer.concat([this.#overlap, view.subarray(0, 64)]).includes(DROPPED) || view.includes(DROPPED);
    this.#overlap = Buffer.from(view.subarray(-DROPPED.length));
  }

  notices(reports: boolean): string[] {
    if (this.#empty) return ['The log is empty: that says nothing about the kernel.'];
    return [
      ...(this.#dropped
        ? ['The kernel dropped messages ("printk messages dropped"): reports may be missing or cut.']
        : []),
      ...(reports || KERNEL_LINE.test(this.#head)
        ? []
        : ['Nothing at its beginning looks like a kernel log: is it the right file?']),
    ];
  }
}
