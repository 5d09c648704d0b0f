import { statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import { readConsole } from '../vm/qemu/console.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import { judgeCell } from './cell.ts';
import type { Listener, Side } from './events.ts';
import { type KernelReport, readLog } from './klog/index.ts';
import { parseKtap } from './ktap.ts';
import type { FoundReport, PointResult } from './status.ts';
import type { Program, Suite } from './suite.ts';
import { type Aftermath, inspect, runProgram } from './test-guest.ts';

/** Gives a guest in which no test has run yet, with the suite's programs in it. */
export interface GuestSource {
  /** @param name of the guest, unique on its side, for its directory and for people */
  fresh(name: string): Promise<Guest>;
}

export interface CellsRequest {
  readonly side: Side;
  readonly suite: Suite;
  readonly repetitions: number;
  /** Whether this kernel was built with lockdep, so that its silence must be explained. */
  readonly lockdep: boolean;
  /** The run directory. */
  readonly directory: string;
  readonly source: GuestSource;
  readonly onEvent: Listener;
  readonly signal?: AbortSignal;
}

export interface CellsResult {
  readonly points: readonly PointResult[];
  readonly reports: readonly FoundReport[];
  /** A guest of this kernel did not boot, twice or with a panic; the cells after it were not run. */
  readonly bootFailure?: GuestBootError;
}

/** How often a program whose pass could not be validated is run again in a fresh guest. */
const attempts = 2;

/**
 * Runs every program of a suite on one kernel, so often as asked. A guest serves until a test has
 * spoilt it: lockdep off, a report, a hang, a lost connection. The next test gets a fresh one.
 */
export async function runCells(request: CellsRequest): Promise<CellsResult> {
  const points: PointResult[] = [];
  const reports: FoundReport[] = [];
  const total = request.repetitions * request.suite.programs.length;
  await using guests = new GuestInUse(request, reports);
  let done = 0;
  for (let repetition = 1; repetition <= request.repetitions; repetition++) {
    for (const program of request.suite.programs) {
      request.signal?.throwIfAborted();
      request.onEvent({
        type: 'test',
        state: 'running',
        side: request.side,
        program: program.name,
        repetition,
        done,
        total,
      });
      const started = performance.now();
      const results = await runUntilValidated(request, guests, { program, repetition }).catch(
        (error: unknown) => {
          if (error instanceof GuestBootError) return error;
          throw error;
        },
      );
      if (results instanceof GuestBootError) {
        guests.foundAtBoot(results);
        return { points, reports, bootFailure: results };
      }
      points.push(...results);
      done++;
      request.onEvent({
        type: 'test',
        state: 'finished',
        side: request.side,
        program: program.name,
        repetition,
        milliseconds: Math.round(performance.now() - started),
        points: results.map(({ name, status, reason }) => ({ name, status, ...(reason ? { reason } : {}) })),
      });
    }
  }
  await guests.retire();
  return { points, reports };
}

interface Cell {
  readonly program: Program;
  readonly repetition: number;
}

/** Runs a cell; when something made its passes worthless, once more in a fresh guest. */
async function runUntilValidated(
  request: CellsRequest,
  guests: GuestInUse,
  cell: Cell,
): Promise<PointResult[]> {
  let results: PointResult[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    results = await runCell(request, guests, cell);
    if (!results.some((point) => point.status === 'MISS') || results.some((point) => point.status === 'FAIL'))
      break;
  }
  return results;
}

async function runCell(request: CellsRequest, guests: GuestInUse, cell: Cell): Promise<PointResult[]> {
  const { program, repetition } = cell;
  const guest = await guests.take();
  const from = guest.console.size;
  const run = await runProgram(guest, program, request.signal ? { signal: request.signal } : {});
  if (run.outcome.type === 'deadline') await askWhoIsStuck(guest);
  const after = guest.alive ? await inspect(guest, program, request.signal) : undefined;
  const panic = guest.alive ? undefined : await panicOf(guest);
  const to = guest.console.size;
  const window = readConsole(guest.console.path, from, to);
  const reports = readLog(window).filter((report) => report.severity !== 'info');
  guests.found(reports, { program: program.name, repetition, offset: from });
  const blind = blindness(request, guest, after);
  await keepOutput(request, cell, run);
  if (
    run.outcome.type === 'deadline' ||
    run.outcome.type === 'lost' ||
    reports.length > 0 ||
    blind !== undefined
  ) {
    await guests.retire();
  }
  return judgeCell({
    program,
    repetition,
    outcome: run.outcome,
    ktap: parseKtap(run.stdout.toString('utf8')),
    reports,
    ...(panic === undefined ? {} : { panic }),
    ...(blind === undefined ? {} : { blind }),
  });
}

/** Why nobody would have heard a complaint of this guest's kernel, if that is so. */
function blindness(request: CellsRequest, guest: Guest, after: Aftermath | undefined): string | undefined {
  if (guest.console.problem !== undefined) return guest.console.problem;
  if (!after) return 'the guest ended before it could be asked about lockdep';
  if (!after.consoleSynced) return 'the console was silent: reports may be missing';
  if (!request.lockdep) return undefined;
  if (!after.lockdep) return 'the guest did not say whether lockdep is still on';
  return after.lockdep.watching ? undefined : 'lockdep had turned itself off';
}

/** A hang is the bug here: the kernel itself tells best who waits for whom (Documentation/admin-guide/sysrq.rst). */
async function askWhoIsStuck(guest: Guest): Promise<void> {
  for (const key of ['w', 'd', 'l', 't']) {
    await guest.exec(`echo ${key} > /proc/sysrq-trigger`, { deadlineMs: 5_000 });
  }
}

async function panicOf(guest: Guest): Promise<string | undefined> {
  const end = await guest.ended();
  return end.type === 'panic' ? end.line : undefined;
}

async function keepOutput(
  request: CellsRequest,
  cell: Cell,
  run: { readonly stdout: Buffer; readonly stderr: Buffer },
): Promise<void> {
  const directory = path.join(request.directory, request.side, `repetition-${cell.repetition}`);
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, `${cell.program.name}.ktap`), run.stdout);
  if (run.stderr.length > 0) await writeFile(path.join(directory, `${cell.program.name}.stderr`), run.stderr);
}

interface Where {
  readonly program: string | null;
  readonly repetition: number;
  /** Of the scanned bytes in the console's file. */
  readonly offset: number;
  readonly console: string;
}

/** The guest that runs tests now, replaced when it is spoilt; scans each console when its guest is gone. */
class GuestInUse implements AsyncDisposable {
  readonly #request: CellsRequest;
  readonly #reports: FoundReport[];
  #guest: Guest | undefined;
  #name = '';
  #count = 0;
  /** Start offsets of reports of this guest's console that belong to a program. */
  readonly #attributed = new Set<number>();

  constructor(request: CellsRequest, reports: FoundReport[]) {
    this.#request = request;
    this.#reports = reports;
  }

  async take(): Promise<Guest> {
    if (this.#guest?.alive) return this.#guest;
    await this.retire();
    this.#name = `guest-${++this.#count}`;
    const { side, onEvent } = this.#request;
    onEvent({ type: 'guest', side, state: 'booting', guest: this.#name });
    this.#guest = await this.#request.source.fresh(this.#name);
    onEvent({
      type: 'guest',
      side,
      state: 'ready',
      guest: this.#name,
      milliseconds: Math.round(this.#guest.bootMs),
    });
    return this.#guest;
  }

  /** Notes what the kernel of a guest that never came up had to say. */
  foundAtBoot({ failure }: GuestBootError): void {
    const size = statSync(failure.consolePath, { throwIfNoEntry: false })?.size ?? 0;
    const whole = size === 0 ? [] : readLog(readConsole(failure.consolePath, 0, size));
    this.#attributed.clear();
    this.#note(whole, { program: null, repetition: 0, offset: 0, console: failure.consolePath });
  }

  /** Notes the reports of one program's stretch of the console. */
  found(
    reports: readonly KernelReport[],
    where: { readonly program: string | null; readonly repetition: number; readonly offset: number },
  ): void {
    if (this.#guest) this.#note(reports, { ...where, console: this.#guest.console.path });
  }

  #note(all: readonly KernelReport[], where: Where): void {
    const { directory, side, onEvent } = this.#request;
    const console = path.relative(directory, where.console);
    const reports = all.filter((report) => report.severity !== 'info');
    for (const report of reports) {
      const start = where.offset + report.start;
      if (this.#attributed.has(start)) continue;
      this.#attributed.add(start);
      const { signature, kind, title, text } = report;
      const { program, repetition } = where;
      this.#reports.push({
        signature,
        kind,
        title,
        text,
        program,
        repetition,
        console,
        start,
        end: where.offset + report.end,
      });
      onEvent({ type: 'report', side, title, program });
    }
  }

  /** Ends the guest and looks through everything it printed, from boot to power-off. */
  async retire(): Promise<void> {
    const guest = this.#guest;
    if (!guest) return;
    const { side, onEvent } = this.#request;
    // An orderly end gives the kernel a last chance to complain; a spoilt guest may not manage it.
    const orderly = guest.exec('reboot -f', { deadlineMs: 5_000 });
    await Promise.race([orderly, guest.ended()]);
    const end = guest.alive ? 'stopped' : (await guest.ended()).type;
    await guest[Symbol.asyncDispose]();
    const whole = readLog(readConsole(guest.console.path, 0, guest.console.size));
    this.found(whole, { program: null, repetition: 0, offset: 0 });
    this.#guest = undefined;
    this.#attributed.clear();
    onEvent({ type: 'guest', side, state: 'ended', guest: this.#name, why: end });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also on the way out of an error or an abort: the guest must not outlive its run.
    const guest = this.#guest;
    this.#guest = undefined;
    await guest?.[Symbol.asyncDispose]();
  }
}
