import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Qmp } from './qmp.ts';

const answerMs = 5_000;

/** What QEMU's monitor tells of a machine: where its processors are, which interrupts wait, what reached its network. */
const questions = {
  'registers.txt': ['info registers -a'],
  'interrupts.txt': ['info lapic 0', 'info lapic 1', 'info pic', 'info irq'],
  'network.txt': ['info usernet', 'info network'],
} as const;

/**
 * Writes the state of a machine in which something does not go on to `registers.txt`, `interrupts.txt` and
 * `network.txt`. The guest is not disturbed by it. Never throws: evidence is what one gets.
 *
 * @param directory exists
 */
export async function keepMachineState(qmp: Qmp, directory: string): Promise<void> {
  for (const [name, commands] of Object.entries(questions)) {
    const answers: string[] = [];
    for (const command of commands) answers.push(`(qemu) ${command}\n${await answer(qmp, command)}\n`);
    await writeFile(path.join(directory, name), answers.join('')).catch(() => {});
  }
}

const answer = (qmp: Qmp, command: string): Promise<string> =>
  qmp.human(command, answerMs).catch((error: unknown) => `not to be had: ${String(error)}\n`);
