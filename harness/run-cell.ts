import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Guest, GuestEnd } from '../vm/qemu/guest.ts';
import type { ExecResult } from '../vm/ssh/connection.ts';
import { inspect } from './aftermath.ts';
import { judgeCell } from './cell.ts';
import { collectDossier, type VitalSign, vitalSign } from './dossier.ts';
import type { GuestInUse } from './guest-in-use.ts';
import { parseKtap } from './ktap.ts';
import { blindness } from './liveness.ts';
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

export interface CellContext {
  /** Gets PROGRAM.ktap and PROGRAM.stderr. */
  readonly directory: string;
  /** Whether this kernel was built with lockdep, so that its silence must be explained. */
  readonly lockdep: boolean;
  /** Whether the RAM of a guest in which something hangs is dumped. */
  readonly dump: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a cell in the guest at hand, keeps what it printed, and judges it. A spoilt guest is retired. */
export async function runCell(cell: Cell, guests: GuestInUse, context: CellContext): Promise<PointResult[]> {
  const { program, repetition } = cell;
  const guest = await guests.take();
  const from = guest.console.size;
  const run = await runProgram(guest, program, context.signal);
  const output = outputName(context.directory, cell);
  const unkept = await keepOutput(output, run);
  const sign =
    run.outcome.type === 'exited' || run.outcome.type === 'signalled'
      ? undefined
      : await trouble(guest, { directory: `${output}.hang`, memory: context.dump });
  const after = guest.alive ? await inspect(guest, program.name, context.signal) : undefined;
  const end = guest.alive ? undefined : await guest.ended();
  const reports = guests.scan(program.name, repetition, [from, guest.console.size]);
  const blind = blindness({
    vitals: after?.vitals,
    consoleSynced: after?.consoleSynced ?? false,
    consoleProblem: guest.console.problem ?? unkept,
    lockdep: context.lockdep,
    taintBefore: guests.taint,
    reports: reports.length,
  });
  guests.taint = after?.vitals?.taint ?? 0;
  if (sign !== undefined || reports.length > 0 || blind !== undefined) await guests.retire();
  return judgeCell({
    program,
    repetition,
    outcome: run.outcome,
    ktap: parseKtap(run.stdout.toString('utf8')),
    reports,
    ...(sign === undefined ? {} : { sign }),
    ...(end?.type === 'panic' ? { panic: end.line } : {}),
    ...(end ? { gone: endWords(end) } : {}),
    ...(blind === undefined ? {} : { blind: { because: blind, since: reports[0]?.timestamp } }),
  });
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

/** Returns why the output could not be kept: a result without its evidence is no pass. */
async function keepOutput(name: string, run: ExecResult): Promise<string | undefined> {
  try {
    await mkdir(path.dirname(name), { recursive: true });
    await writeFile(`${name}.ktap`, run.stdout);
    if (run.stderr.length > 0) await writeFile(`${name}.stderr`, run.stderr);
    return undefined;
  } catch (error) {
    return `the test's output could not be written: ${(error as NodeJS.ErrnoException).code}`;
  }
}
