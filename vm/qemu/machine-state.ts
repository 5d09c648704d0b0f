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
  // All at once: of a QEMU that is silent they are waited for together.
  await Promise.all(
    Object.entries(questions).map(([name, commands]) => keepAnswer(directory, name, answers(qmp, commands))),
  );
}

async function answers(qmp: Qmp, commands: readonly string[]): Promise<string> {
  const texts = await Promise.all(commands.map((command) => qmp.human(command, answerMs)));
  return texts.map((text, index) => `(qemu) ${commands[index]}\n${text}\n`).join('');
}

/** Writes an answer to a file, or why it is not to be had. Never throws. */
export async function keepAnswer(
  directory: string,
  name: string,
  content: Promise<string | Uint8Array>,
): Promise<void> {
  const text = await content.catch((error: unknown) => `not to be had: ${String(error)}\n`);
  await writeFile(path.join(directory, name), text).catch(() => {});
}
