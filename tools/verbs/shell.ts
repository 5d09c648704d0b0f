import { Command } from '@commander-js/extra-typings';
import type { ClientChannel } from 'ssh2';
import { findKernel } from '../../harness/find-kernel.ts';
import { openGuest } from '../../harness/open-guest.ts';
import { interruptible } from '../interrupt.ts';

export const shellVerb = () =>
  new Command('shell')
    .description('an interactive shell in a fresh guest of a built kernel, with the test programs in /tests')
    .argument(
      '[kernel]',
      "the beginning of a kernel's hash, a run directory or DIR:base; by default the newest run's patched kernel",
    )
    .action(async (reference) => {
      const signal = interruptible();
      const found = await findKernel(reference);
      const started = performance.now();
      await using open = await openGuest(found, {
        signal,
        onNotice: (message) => void process.stderr.write(`ringtrial: ${message}\n`),
      });
      await using connection = await open.guest.connect();
      const size = { rows: process.stdout.rows || 24, cols: process.stdout.columns || 80 };
      const channel = await connection.terminal('cd /tests; exec sh -l', size);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stderr.write(
        `ringtrial: kernel ${found.kernel.version}, ${found.kernel.hash.slice(0, 12)}, after ${seconds} s; 'exit' ends the guest\n`,
      );
      await attach(channel);
    });

/** Connects this terminal to the guest's, byte for byte: keys, output, and changes of its size. */
async function attach(channel: ClientChannel): Promise<void> {
  const { stdin, stdout } = process;
  const resize = (): void => channel.setWindow(stdout.rows || 24, stdout.columns || 80, 0, 0);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdout.on('resize', resize);
  stdin.pipe(channel);
  channel.pipe(stdout, { end: false });
  try {
    await new Promise<void>((resolve) => channel.once('close', resolve));
  } finally {
    stdout.off('resize', resize);
    stdin.unpipe(channel);
    stdin.pause();
    if (stdin.isTTY) stdin.setRawMode(false);
  }
}
