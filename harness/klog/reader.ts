import { headerScanner } from './headers.ts';
import { parseLine } from './prefix.ts';
import { buildReport } from './report.ts';
import { Segmenter } from './segment.ts';
import type { KernelReport, Line } from './types.ts';

const BLOCK = 1 << 20;
/** Bytes of history kept so that a report's banner can be found above its header. */
const HISTORY = 4096;
/** A line longer than this is cut: no kernel message is (LOG_LINE_MAX is 1 KiB), but input may be anything. */
const MAX_LINE = 1 << 16;
const NEWLINE = 0x0a;
/** Reports remembered to tell replays: more than any log that one reads by eye. */
const MAX_SEEN = 4096;

/**
 * Reads a kernel log piece by piece and gives its reports as they end. Pieces may be cut anywhere,
 * even inside a character: the reports are the same. Memory stays bounded by the open reports.
 */
export class LogReader {
  /** Always the same memory, of which the first `#length` bytes count: a log leaves no garbage of its size behind. */
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Offset in the input of the buffer's first byte. */
  #base = 0;
  /** First byte of the buffer that was not looked at; always the start of a line. */
  #next = 0;
  #found: KernelReport[] = [];
  readonly #seen = new Set<string>();
  readonly #segmenter = new Segmenter((segment) => {
    const report = buildReport(segment);
    this.#found.push(this.#isReplay(report) ? { ...report, replay: true } : report);
  });

  /** Takes the next bytes (a string is encoded as UTF-8) and returns the reports that are complete now. */
  push(chunk: Uint8Array | string): KernelReport[] {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    for (let at = 0; at < bytes.length; at += BLOCK) this.#take(bytes.subarray(at, at + BLOCK));
    return this.#drain();
  }

  /** The input is over: a last line without a line end counts, open reports are closed. */
  end(): KernelReport[] {
    this.#read(this.#length);
    this.#segmenter.end();
    return this.#drain();
  }

  /** A console that is registered late (or a log glued from two sources) says everything again, times included. */
  #isReplay(report: KernelReport): boolean {
    if (report.timestamp === undefined) return false;
    const key = `${report.timestamp} ${report.task?.pid} ${report.signature}`;
    if (this.#seen.has(key)) return true;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(key);
    return false;
  }

  #drain(): KernelReport[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #take(bytes: Uint8Array): void {
    this.#append(bytes);
    const complete = this.#buffer.lastIndexOf(NEWLINE, this.#length - 1) + 1;
    if (complete > this.#next) this.#read(complete);
    while (this.#length - this.#next > MAX_LINE) this.#read(this.#next + MAX_LINE);
  }

  /** Puts bytes behind what was not read yet and the history before it. */
  #append(bytes: Uint8Array): void {
    const from = Math.max(0, this.#next - HISTORY);
    const kept = this.#length - from;
    const enough = this.#buffer.length >= kept + bytes.length;
    const buffer = enough ? this.#buffer : Buffer.allocUnsafeSlow(kept + bytes.length + MAX_LINE);
    this.#buffer.copy(buffer, 0, from, this.#length);
    buffer.set(bytes, kept);
    this.#buffer = buffer;
    this.#length = kept + bytes.length;
    this.#base += from;
    this.#next -= from;
  }

  /** Reads all lines up to `end`, which is the end of a line. */
  #read(end: number): void {
    let hit = this.#next;
    while (this.#next < end) {
      if (hit >= 0 && hit <= this.#next) hit = headerScanner.find(this.#buffer, this.#next, end);
      if (this.#segmenter.idle) {
        if (hit < 0) {
          this.#next = end;
          return;
        }
        this.#next = Math.max(this.#next, this.#buffer.lastIndexOf(NEWLINE, hit) + 1);
      }
      const at = this.#next;
      const lines = this.#lines(at, end);
      this.#next = (lines.at(-1)?.end ?? this.#base + end) - this.#base;
      const mayBeHeader = hit >= 0 && hit < this.#next;
      const before = (): Line[] => this.#before(at);
      for (const line of lines) this.#segmenter.feed(line, mayBeHeader, before);
      if (mayBeHeader) hit = this.#next;
    }
  }

  #lines(at: number, limit: number): Line[] {
    const newline = this.#buffer.indexOf(NEWLINE, at);
    const stop = newline < 0 || newline >= limit ? limit : newline;
    const end = Math.min(stop + (stop === newline ? 1 : 0), at + MAX_LINE);
    return parseLine(
      this.#buffer.toString('latin1', at, Math.min(stop, end)),
      this.#base + at,
      this.#base + end,
    );
  }

  /** Up to eight lines above a position, newest first, within the history that is always kept. */
  #before(at: number): Line[] {
    const lines: Line[] = [];
    const oldest = Math.max(0, at - HISTORY);
    for (let end = at; end > oldest && lines.length < 8; ) {
      const start = end < 2 ? 0 : this.#buffer.lastIndexOf(NEWLINE, end - 2) + 1;
      if (start < oldest) break;
      const text = this.#buffer.toString('latin1', start, end - 1);
      lines.push(...parseLine(text, this.#base + start, this.#base + end).toReversed());
      end = start;
    }
    return lines;
  }
}

/** All reports of a whole log, in the order in which they begin (a LogReader gives them as they end). */
export function readLog(input: Uint8Array | string): KernelReport[] {
  const reader = new LogReader();
  return [...reader.push(input), ...reader.end()].toSorted((a, b) => a.start - b.start);
}
