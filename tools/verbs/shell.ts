import { Command } from '@commander-js/extra-typings';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { findKernel } from '../../harness/find-kernel.ts';
import { waitForGdb } from '../../harness/gdb/attach.ts';
import type { DebugFiles } from '../../harness/gdb/debug-files.ts';
import { type OpenGuest, openGuest } from '../../harness/open-guest.ts';
import type { Kernel } from '../../vm/kernel/index.ts';
import type { Terminal, TerminalSize } from '../../vm/ssh/connection.ts';
import { notice, symbolsFor } from '../gdb-symbols.ts';
import { interruptible } from '../interrupt.ts';

/** QEMU ended, or gdb ended it, while somebody waited for a shell. */
class GuestGoneError extends RingtrialError {
  readonly code = 'GUEST_GONE';
  override readonly exitCode = ExitCode.inconclusive;
}

export const shellVerb = () =>
  new Command('shell')
    .description('an interactive shell in a fresh guest of a built kernel, with the test programs in /tests')
    .argument(
      '[kernel]',
      "the beginning of a kernel's hash, a run directory or DIR:base; by default the newest run's patched kernel",
    )
    .option(
      '--gdb',
      'stop the guest, and print the command that starts gdb with symbols and source lines',
      false,
    )
    .option(
      '--gdb-objects <names>',
      'with --gdb: objects of the kernel, or directories of them, that get source lines, separated by commas (default: those of io_uring)',
      (text) => text.split(','),
    )
    .option('--patch <candidate>', "with --gdb: the kernel's patch, where its name alone does not lead to it")
    .action(async (reference, options) => {
      const signal = interruptible();
      const found = await findKernel(reference);
      const debug = options.gdb ? await symbolsFor(found.kernel, options, signal) : undefined;
      const started = performance.now();
      await using open = await openGuest(found, { signal, onNotice: notice });
      await using opened = debug
        ? await underGdb(open, { kernel: found.kernel, debug, signal })
        : { terminal: await open.guest.terminal(inGuest, terminalSize()), async [Symbol.asyncDispose]() {} };
      const seconds = debug ? '' : `, after ${((performance.now() - started) / 1000).toFixed(1)} s`;
      notice(
        `kernel ${found.kernel.version}, ${found.kernel.hash.slice(0, 12)}${seconds}; 'exit' ends the guest`,
      );
      await attach(opened.terminal, signal);
    });

const inGuest = 'cd /tests; exec sh -l';

const terminalSize = (): TerminalSize => ({
  rows: process.stdout.rows || 24,
  cols: process.stdout.columns || 80,
});

/** Opens a terminal in a guest that stands still: it comes when gdb lets the guest go on. */
async function underGdb(
  open: OpenGuest,
  { kernel, debug, signal }: { kernel: Kernel; debug: DebugFiles; signal: AbortSignal },
): Promise<{ readonly terminal: Terminal } & AsyncDisposable> {
  const { guest } = open;
  // What the first command of a fork does for its clock and its random numbers comes before.
  await guest.exec('true', { deadlineMs: 20_000 });
  await using stack = new AsyncDisposableStack();
  // Nobody knows how long a developer looks at a guest that stands still.
  const connection = stack.use(await guest.connect({ patient: true }));
  await guest.disconnect();
  const command = await waitForGdb(open, kernel, debug);
  notice(
    `the guest stands still until gdb lets it go on ('continue'); then its shell opens here. In another terminal:\n  ${command}`,
  );
  const terminal = await Promise.race([
    connection.terminal(inGuest, terminalSize()).catch((cause: unknown) => {
      throw new GuestGoneError('The guest came to its end before its shell opened.', { cause });
    }),
    aborted(signal),
  ]);
  const owned = stack.move();
  return { terminal, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Rejects when somebody asks this process to stop. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/** Connects this terminal to the guest's, byte for byte: keys, output, and changes of its size. */
async function attach(channel: Terminal, signal: AbortSignal): Promise<void> {
  const { stdin, stdout } = process;
  const resize = (): void => channel.setWindow(stdout.rows || 24, stdout.columns || 80, 0, 0);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdout.on('resize', resize);
  stdin.pipe(channel);
  channel.pipe(stdout, { end: false });
  try {
    await Promise.race([new Promise<void>((resolve) => channel.once('close', resolve)), aborted(signal)]);
  } finally {
    stdout.off('resize', resize);
    stdin.unpipe(channel);
    stdin.pause();
    if (stdin.isTTY) stdin.setRawMode(false);
  }
}
