import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Guest } from '../vm/qemu/guest.ts';
import type { ExecResult } from '../vm/ssh/connection.ts';
import { judgeCell } from './cell.ts';
import type { GuestInUse } from './guest-in-use.ts';
import { parseKtap } from './ktap.ts';
import type { PointResult } from './status.ts';
import type { Program } from './suite.ts';
import { type Aftermath, inspect, runProgram } from './test-guest.ts';

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
  readonly signal?: AbortSignal | undefined;
}

/** Runs a cell in the guest at hand, keeps what it printed, and judges it. A spoilt guest is retired. */
export async function runCell(cell: Cell, guests: GuestInUse, context: CellContext): Promise<PointResult[]> {
  const { program, repetition } = cell;
  const guest = await guests.take();
  const from = guest.console.size;
  const run = await runProgram(guest, program, context.signal);
  await keepOutput(context.directory, cell, run);
  if (run.outcome.type === 'deadline') await askWhoIsStuck(guest);
  if (run.outcome.type === 'lost') await momentToDie(guest);
  const after = guest.alive ? await inspect(guest, program, context.signal) : undefined;
  const panic = guest.alive ? undefined : await panicOf(guest);
  const reports = guests.scan(program.name, repetition, [from, guest.console.size]);
  const blind = blindness(guest, after, context.lockdep);
  if (run.outcome.type !== 'exited' || reports.length > 0 || blind !== undefined) await guests.retire();
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
function blindness(guest: Guest, after: Aftermath | undefined, lockdep: boolean): string | undefined {
  if (guest.console.problem !== undefined) return guest.console.problem;
  if (!after) return 'the guest ended before it could be asked about lockdep';
  if (!after.consoleSynced) return 'the console was silent: reports may be missing';
  if (!lockdep) return undefined;
  if (!after.lockdep) return 'the guest did not say whether lockdep is still on';
  return after.lockdep.watching ? undefined : 'lockdep had turned itself off';
}

/** A hang is the bug here: the kernel itself tells best who waits for whom (Documentation/admin-guide/sysrq.rst). */
async function askWhoIsStuck(guest: Guest): Promise<void> {
  for (const key of ['w', 'd', 'l', 't']) {
    await guest.exec(`echo ${key} > /proc/sysrq-trigger`, { deadlineMs: 5_000 });
  }
}

/** A kernel that panics takes the connection down a moment before it takes QEMU down. */
const momentToDie = (guest: Guest): Promise<unknown> =>
  Promise.race([guest.ended(), new Promise((resolve) => setTimeout(resolve, 3_000))]);

async function panicOf(guest: Guest): Promise<string | undefined> {
  const end = await guest.ended();
  return end.type === 'panic' ? end.line : undefined;
}

async function keepOutput(directory: string, { program, attempt }: Cell, run: ExecResult): Promise<void> {
  await mkdir(directory, { recursive: true });
  const name = path.join(directory, attempt === 1 ? program.name : `${program.name}.attempt-${attempt}`);
  await writeFile(`${name}.ktap`, run.stdout);
  if (run.stderr.length > 0) await writeFile(`${name}.stderr`, run.stderr);
}
