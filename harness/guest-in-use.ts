import { statSync } from 'node:fs';
import path from 'node:path';
import { readConsole } from '../vm/qemu/console.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import { knownOrders } from './aftermath.ts';
import type { Detectors } from './detectors.ts';
import type { Listener, Side } from './events.ts';
import type { GuestSource } from './guest-source.ts';
import { type KernelReport, readLog } from './klog/index.ts';
import type { OrderRecord } from './lock-orders.ts';
import type { FoundReport } from './status.ts';
import type { Dependencies } from './triage/dependencies.ts';

/** Where kernel reports are noted. */
export interface ReportBook {
  readonly side: Side;
  /** The run directory: console logs are named relative to it. */
  readonly directory: string;
  /** The number of the schedule that its guests run under, where there are several. */
  readonly schedule?: number | undefined;
  readonly onEvent: Listener;
  /** Gets every kernel report, once. */
  readonly reports: FoundReport[];
}

export interface GuestUse extends ReportBook {
  readonly detectors: Detectors;
  /** Gets what lockdep knew before and after each program. */
  readonly orders: OrderRecord[];
  readonly source: GuestSource;
  /** Names the next guest of this side. */
  readonly nextName: () => string;
}

/** What ran while a stretch of console was printed; null: boot, power-off, or between programs. */
interface Where {
  readonly program: string | null;
  readonly repetition: number;
  /** Of the scanned bytes in the console's file. */
  readonly offset: number;
  readonly console: string;
}

/**
 * The guest that one worker runs tests in, replaced when it is spoilt. When a guest goes, its whole
 * console, from boot to power-off, is searched for what nobody has noted yet.
 */
export class GuestInUse implements AsyncDisposable {
  readonly #use: GuestUse;
  #guest: Guest | undefined;
  #name = '';
  /** The taint that this guest's kernel had when the last test ended. */
  taint = 0;
  /** What this guest's lockdep knew when its last test ended, or when it began to serve. */
  #orders: Dependencies | undefined;
  /** The same of a fork in which nothing has run yet: one snapshot, one answer. */
  #forkOrders: Dependencies | undefined;
  /** Where in this guest's console the reports start that are noted already. */
  readonly #noted = new Set<number>();

  constructor(use: GuestUse) {
    this.#use = use;
  }

  /** The guest at hand, or a fresh one. */
  async take(): Promise<Guest> {
    if (this.#guest?.alive) return this.#guest;
    await this.retire();
    const { side, onEvent, source, nextName } = this.#use;
    this.#name = nextName();
    onEvent({ type: 'guest', side, state: 'booting', guest: this.#name });
    this.#guest = await source.fresh(this.#name);
    this.taint = 0;
    this.#orders = await this.#ordersAtFirst(this.#guest);
    const milliseconds = Math.round(this.#guest.bootMs);
    onEvent({ type: 'guest', side, state: 'ready', guest: this.#name, milliseconds });
    return this.#guest;
  }

  async #ordersAtFirst(guest: Guest): Promise<Dependencies | undefined> {
    if (!this.#use.detectors.lockdep) return undefined;
    if (!this.#use.source.onePerCell) return await knownOrders(guest);
    this.#forkOrders ??= await knownOrders(guest);
    return this.#forkOrders;
  }

  /** Keeps what a program made lockdep learn. */
  noteOrders(program: string, after: Dependencies | undefined): void {
    if (this.#orders && after) this.#use.orders.push({ program, before: this.#orders, after });
    this.#orders = after;
  }

  /** Reads the reports in a stretch of the guest's console, notes them, and returns them. */
  scan(program: string, repetition: number, [from, to]: readonly [number, number]): KernelReport[] {
    if (!this.#guest) return [];
    const console = this.#guest.console.path;
    const found = complaints(readConsole(console, from, to));
    this.#note(found, { program, repetition, offset: from, console });
    return found;
  }

  /** Ends the guest and looks through everything it printed. */
  async retire(): Promise<void> {
    const guest = this.#guest;
    if (!guest) return;
    const { side, onEvent, source } = this.#use;
    // An orderly end gives the kernel of a long-lived guest a last chance to complain.
    if (!source.onePerCell)
      await Promise.race([guest.exec('reboot -f', { deadlineMs: 5_000 }), guest.ended()]);
    const why = guest.alive ? 'stopped' : (await guest.ended()).type;
    await guest[Symbol.asyncDispose]();
    const whole = complaints(readConsole(guest.console.path, 0, guest.console.size));
    this.#note(whole, { program: null, repetition: 0, offset: 0, console: guest.console.path });
    this.#guest = undefined;
    this.#noted.clear();
    onEvent({ type: 'guest', side, state: 'ended', guest: this.#name, why });
  }

  #note(found: readonly KernelReport[], where: Where): void {
    const fresh = found.filter((report) => !this.#noted.has(where.offset + report.start));
    for (const report of fresh) this.#noted.add(where.offset + report.start);
    note(this.#use, fresh, where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also on the way out of an error or an abort: the guest must not outlive its run.
    const guest = this.#guest;
    this.#guest = undefined;
    await guest?.[Symbol.asyncDispose]();
  }
}

/** Notes what a kernel said while it booted, in a guest that is gone or never came up. */
export function noteBoot(book: ReportBook, console: string): void {
  const size = statSync(console, { throwIfNoEntry: false })?.size ?? 0;
  const found = size === 0 ? [] : complaints(readConsole(console, 0, size));
  note(book, found, { program: null, repetition: 0, offset: 0, console });
}

function note(
  book: ReportBook,
  found: readonly KernelReport[],
  { program, repetition, offset, console }: Where,
): void {
  for (const report of found) {
    book.reports.push({
      report,
      program,
      repetition,
      ...(book.schedule === undefined ? {} : { schedule: book.schedule }),
      console: path.relative(book.directory, console),
      start: offset + report.start,
      end: offset + report.end,
    });
    book.onEvent({ type: 'report', side: book.side, title: report.title, program });
  }
}

/** What a kernel says against itself: no information (an OOM notice, for one), and nothing that the console printed again. */
export const complaints = (bytes: Uint8Array): KernelReport[] =>
  readLog(bytes).filter((report) => report.severity !== 'info' && !report.replay);
