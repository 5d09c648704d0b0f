import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Guest, GuestEnd } from '../vm/qemu/guest.ts';
import type { ExecResult } from '../vm/ssh/connection.ts';
import { inspect } from './aftermath.ts';
import { judgeCell } from './cell.ts';
import type { CellTime } from './cell-time.ts';
import type { Detectors } from './detectors.ts';
import { collectDossier, type VitalSign, vitalSign } from './dossier.ts';
import { exitCodeResults } from './exit-code.ts';
import type { GuestInUse } from './guest-in-use.ts';
import { parseKtap } from './ktap.ts';
import { blindness } from './liveness.ts';
import type { Interfere } from './schedules/interfere.ts';
import type { PointResult } from './status.ts';
import type { Program } from './suite.ts';
import { runProgram } from './test-guest.ts';

/** One program, once, on one kernel. */
export interface Cell {
  readonly program: Program;
  readonly repetition: number;
  /** From 1; a cell whose passes could not be validated is tried again. */
  readonly attempt: number;
}

export type AfterProgram = (guest: Guest, program: Program) => Promise<void>;

export interface CellContext {
  /** Gets PROGRAM.ktap, PROGRAM.stderr and PROGRAM.vitals.gz (what the guest said of itself afterwards). */
  readonly directory: string;
  readonly detectors: Detectors;
  /** What all patience is multiplied by; the program's deadline is already. */
  readonly timeScale: number;
  /** What is done to the guest while the program runs. */
  readonly interfere?: Interfere | undefined;
  readonly afterProgram?: AfterProgram | undefined;
  /** Whether the RAM of a guest in which something hangs is dumped. */
  readonly dump: boolean;
  readonly time: CellTime;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a cell in the guest at hand, keeps what it printed, and judges it. A spoilt guest is retired. */
export async function runCell(cell: Cell, guests: GuestInUse, context: CellContext): Promise<PointResult[]> {
  const { program, repetition } = cell;
  const { time } = context;
  const guest = await time.of('guest', () => guests.take());
  const from = guest.console.size;
  const run = await time.of('program', () => runInterfered(cell, guest, context));
  const output = outputName(context.directory, cell);
  const kept = await keep(output, { ktap: run.stdout, stderr: run.stderr });
  const sign =
    run.outcome.type === 'exited' || run.outcome.type === 'signalled'
      ? undefined
      : await trouble(guest, { directory: `${output}.hang`, memory: context.dump });
  if (guest.alive) await context.afterProgram?.(guest, program);
  const after = guest.alive
    ? await time.of('questions', () => inspect(guest, program.name, context))
    : undefined;
  const lost = kept ?? (after && (await keep(output, { 'vitals.gz': gzipSync(after.answer) })));
  const end = guest.alive ? undefined : await guest.ended();
  const reports = guests.scan(program.name, repetition, [from, guest.console.size]);
  const blind = blindness({
    vitals: after?.vitals,
    consoleSynced: after?.consoleSynced ?? false,
    leaksSought: after?.leaksSought ?? false,
    consoleProblem: guest.console.problem ?? lost,
    lockdep: context.detectors.lockdep,
    taintBefore: guests.taint,
    reports: reports.length,
  });
  guests.taint = after?.vitals?.taint ?? 0;
  guests.noteOrders(program.name, after?.vitals?.orders);
  if (sign !== undefined || reports.length > 0 || blind !== undefined) await guests.retire();
  return judgeCell({
    program,
    repetition,
    lockdep: after?.vitals?.lockdep,
    outcome: run.outcome,
    ktap:
      program.protocol === 'exit-code'
        ? exitCodeResults(program.name, run)
        : parseKtap(run.stdout.toString('utf8')),
    reports,
    ...(sign === undefined ? {} : { sign }),
    ...(end?.type === 'panic' ? { panic: end.line } : {}),
    ...(end ? { gone: endWords(end) } : {}),
    ...(blind === undefined ? {} : { blind: { because: blind, since: reports[0]?.timestamp } }),
  });
}

async function runInterfered(
  { program, repetition, attempt }: Cell,
  guest: Guest,
  context: CellContext,
): Promise<ExecResult> {
  const name = `${program.name}/${repetition}/${attempt}`;
  await using meanwhile = new AsyncDisposableStack();
  meanwhile.use(await context.interfere?.(guest, name));
  return await runProgram(guest, program, context);
}

/** The program did not end: finds out what is the matter with the guest, and takes down the evidence. */
async function trouble(
  guest: Guest,
  dossier: { readonly directory: string; readonly memory: boolean },
): Promise<VitalSign> {
  // A kernel that panics takes the connection down a moment before it takes QEMU down.
  await Promise.race([guest.ended(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  const sign = await vitalSign(guest);
  await collectDossier(guest, sign, dossier);
  return sign;
}

function endWords(end: GuestEnd): string {
  switch (end.type) {
    case 'panic':
      return end.line;
    case 'powered-off':
      return 'it switched itself off';
    case 'qemu-died':
      return `QEMU came to its end (${end.detail})`;
  }
}

/** Where a cell's output goes, without a suffix. */
const outputName = (directory: string, { program, attempt }: Cell): string =>
  path.join(directory, attempt === 1 ? program.name : `${program.name}.attempt-${attempt}`);

/** Writes files `NAME.SUFFIX`. Returns why that was impossible: a result without its evidence is no pass. */
async function keep(name: string, files: Readonly<Record<string, Buffer>>): Promise<string | undefined> {
  try {
    await mkdir(path.dirname(name), { recursive: true });
    for (const [suffix, content] of Object.entries(files))
      if (content.length > 0) await writeFile(`${name}.${suffix}`, content);
    return undefined;
  } catch (error) {
    return `the test's output could not be written: ${(error as NodeJS.ErrnoException).code}`;
  }
}
