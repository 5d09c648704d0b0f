import { Command } from '@commander-js/extra-typings';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { findKernel } from '../../harness/find-kernel.ts';
import { openGuest } from '../../harness/open-guest.ts';
import type { ExecOutcome } from '../../vm/ssh/connection.ts';
import { notice } from '../gdb-symbols.ts';
import { interruptible } from '../interrupt.ts';

/** The guest was lost before the command's status was known. */
class CommandLostError extends RingtrialError {
  readonly code = 'COMMAND_LOST';
  override readonly exitCode = ExitCode.inconclusive;
}

export const execVerb = () =>
  new Command('exec')
    .description("run one command in a fresh guest of a built kernel, and exit with the command's status")
    .argument(
      '<kernel>',
      "the beginning of a kernel's hash, a run directory (its patched kernel) or DIR:base",
    )
    .argument('<command...>', "the command, after '--'; the test programs are in /tests")
    .option('--deadline <seconds>', 'give up after so long', Number, 600)
    .action(async (reference, words, options) => {
      const signal = interruptible();
      await using open = await openGuest(await findKernel(reference), { signal, onNotice: notice });
      const result = await open.guest.exec(words.map(quote).join(' '), {
        deadlineMs: options.deadline * 1000,
        maxOutputBytes: 64 * 1024 * 1024,
        signal,
      });
      process.stdout.write(result.stdout);
      process.stderr.write(result.stderr);
      process.exitCode = statusOf(result.outcome, options.deadline);
    });

/** As a shell would report it: 128 and the signal's number are lost on the way, so 128 + 9 stands for any signal. */
function statusOf(outcome: ExecOutcome, deadline: number): number {
  switch (outcome.type) {
    case 'exited':
      return outcome.code;
    case 'signalled':
      return 137;
    case 'deadline':
      throw new CommandLostError(`The command did not end within ${deadline} s; the guest was stopped.`);
    case 'lost':
      throw new CommandLostError(`The guest was lost before the command ended: ${outcome.reason}`);
  }
}

/** One word alone is a shell command line; several are words, kept apart as they were given. */
const quote = (word: string, _index: number, all: readonly string[]): string =>
  all.length === 1 ? word : `'${word.replaceAll("'", `'\\''`)}'`;
