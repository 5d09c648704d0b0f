import { createInterface } from 'node:readline/promises';
import { examineNeeds } from '../harness/host/doctor.ts';
import { HostNotReadyError, install, installCommand, packagesFor } from '../harness/host/fix.ts';
import { type Need, needs } from '../harness/host/needs.ts';

/**
 * Makes sure that the host has what a trial needs, or something else that is wanted. As root or in CI what is missing is installed
 * without asking; on a terminal the user is asked; elsewhere the command to run is the message.
 *
 * @throws HostNotReadyError
 */
export async function ensureHost(signal: AbortSignal, wanted: readonly Need[] = needs): Promise<void> {
  const missing = packagesFor(await examineNeeds(wanted));
  if (missing.length === 0) return;
  if (!(await agreed(missing))) {
    throw new HostNotReadyError(
      `This machine lacks ${missing.join(', ')}. Run as root:\n  ${installCommand(missing)}`,
    );
  }
  process.stderr.write(`ringtrial: installing ${missing.join(', ')}\n`);
  await install(missing, signal);
}

async function agreed(missing: readonly string[]): Promise<boolean> {
  if (process.getuid?.() === 0 || process.env['CI'] === 'true') return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `Ringtrial needs ${missing.join(', ')}. Install with apt-get? [Y/n] `,
    );
    return /^(y|yes|)$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
