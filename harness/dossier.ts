import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Guest } from '../vm/qemu/guest.ts';
import { keepAnswer, keepMachineState } from '../vm/qemu/machine-state.ts';

/** What can still be had from a guest in which something does not go on. */
export type VitalSign =
  /** Its shell answers: only a test hangs. */
  | 'answers'
  /** QEMU runs and the guest does not answer: its kernel hangs. */
  | 'frozen'
  /** QEMU itself does not answer, so the guest may be well and nobody can tell. */
  | 'qemu-silent'
  | 'dead';

const shellDeadlineMs = 15_000;
const qmpDeadlineMs = 5_000;

export async function vitalSign(guest: Guest): Promise<VitalSign> {
  if (!guest.alive) return 'dead';
  if (guest.halted) {
    await guest[Symbol.asyncDispose]();
    return 'dead';
  }
  const qemu = await guest.qmp.command('query-status', {}, qmpDeadlineMs).then(
    () => true,
    () => false,
  );
  if (!qemu) return guest.alive ? 'qemu-silent' : 'dead';
  const shell = await guest.exec('true', { deadlineMs: shellDeadlineMs });
  if (shell.outcome.type === 'exited') return 'answers';
  return guest.alive ? 'frozen' : 'dead';
}

/** Show blocked tasks, all locks held, a backtrace of each CPU, all tasks (Documentation/admin-guide/sysrq.rst). */
const sysrqKeys = ['w', 'd', 'l', 't'] as const;

/** Kernel stack of every task, and the state of every ring, as the kernel's files in /proc tell them. */
const questions = {
  'stacks.txt': `for task in /proc/[0-9]*/task/[0-9]*; do echo "== $task $(cat $task/comm)"; cat $task/wchan $task/stack; done 2>&1`,
  'rings.txt': `for fd in /proc/[0-9]*/fd/*; do case $(readlink $fd) in *io_uring*) echo "== $fd"; cat $(echo $fd | sed s,/fd/,/fdinfo/,);; esac; done 2>&1`,
} as const;

/**
 * Asks a guest in which something hangs who waits for whom: over SSH while it answers, else through
 * its serial console and QEMU. SysRq's answers go to the console log; the rest into `directory`. In
 * this domain the hang is the bug, and this is its evidence. `memory` adds a core of the guest's RAM. Never throws: evidence is what one gets.
 */
export async function collectDossier(
  guest: Guest,
  sign: VitalSign,
  { directory, memory }: { readonly directory: string; readonly memory: boolean },
): Promise<void> {
  if (sign === 'dead' || sign === 'qemu-silent') return;
  await mkdir(directory, { recursive: true });
  // Registers first: they tell where the processors are before anybody disturbs them.
  await keepMachineState(guest.qmp, directory);
  if (sign === 'answers') await askShell(guest, directory);
  else await askConsole(guest, directory);
  if (memory) await dumpMemory(guest, directory);
}

/** The guest's RAM as an ELF core, for crash(8) and gdb. As large as the guest; only when asked for. */
async function dumpMemory(guest: Guest, directory: string): Promise<void> {
  const protocol = `file:${path.resolve(directory, 'memory.core')}`;
  const dumped = guest.qmp
    .command('dump-guest-memory', { paging: false, protocol }, 120_000)
    .then(() => 'memory.core\n');
  await keepAnswer(directory, 'memory.txt', dumped);
}

async function askShell(guest: Guest, directory: string): Promise<void> {
  for (const key of sysrqKeys) await guest.exec(`echo ${key} > /proc/sysrq-trigger`, { deadlineMs: 5_000 });
  for (const [name, command] of Object.entries(questions)) {
    const answer = guest.exec(command, { deadlineMs: 10_000 }).then(({ stdout }) => stdout);
    await keepAnswer(directory, name, answer);
  }
}

async function askConsole(guest: Guest, directory: string): Promise<void> {
  for (const key of sysrqKeys) {
    await guest.sysrq(key).catch(() => {});
    // Each answer takes a while on an emulated serial line, and a break amid it would be lost.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  // A processor with interrupts off hears nothing but this.
  await keepAnswer(
    directory,
    'nmi.txt',
    guest.qmp.command('inject-nmi', {}, qmpDeadlineMs).then(() => 'sent\n'),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
