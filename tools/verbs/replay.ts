import { stripVTControlCharacters } from 'node:util';
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { findKernel } from '../../harness/find-kernel.ts';
import { loadRecording, type Recording } from '../../harness/replay/recording.ts';
import { checkUsable, type Replay, replay } from '../../harness/replay/replay.ts';
import { replayUnderGdb } from '../../harness/replay/under-gdb.ts';
import { notice, type SymbolOptions, symbolsFor } from '../gdb-symbols.ts';
import { interruptible } from '../interrupt.ts';
import { names } from '../values.ts';

export const replayVerb = () =>
  new Command('replay')
    .description(
      'run a recorded failure again, instruction by instruction; under gdb, forwards and backwards',
    )
    .argument('<finding>', "RUN:TEST, or a recording's directory; 'ringtrial record RUN TEST' makes one")
    .option(
      '--gdb',
      'stop where the program begins, and print the command that starts gdb; it can go backwards',
      false,
    )
    .option(
      '--gdb-objects <names>',
      'with --gdb: objects of the kernel, or directories of them, that get source lines, separated by commas (default: those of io_uring)',
      names,
    )
    .option('--patch <candidate>', "with --gdb: the kernel's patch, where its name alone does not lead to it")
    .option('--console', 'show what the guest prints, on standard error', false)
    .option('--json', 'print the result as JSON (schema ringtrial.replay/1)', false)
    .addHelpText(
      'after',
      `
Exit codes: 0 the console was the same to the byte, 2 usage or configuration, 3 it was not, or the recording cannot
be run here: its kernel is gone, or QEMU is of another version.`,
    )
    .action(async (finding, options) => {
      const signal = interruptible();
      const recording = await loadRecording(finding);
      if (options.gdb) return await underGdb(recording, options, signal);
      const result = await replay({
        recording,
        signal,
        ...(options.console ? { onConsole: show } : {}),
      });
      process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : words(result));
      process.exitCode = result.identical ? ExitCode.accepted : ExitCode.inconclusive;
    });

/** A guest may print anything. */
const show = (text: Buffer): void =>
  void process.stderr.write(
    stripVTControlCharacters(text.toString('latin1')).replaceAll(/[^\x20-\x7e\t\n]/g, ''),
  );

async function underGdb(recording: Recording, options: SymbolOptions, signal: AbortSignal): Promise<void> {
  await checkUsable(recording);
  const { kernel } = await findKernel(recording.kernel.hash);
  const debug = await symbolsFor(kernel, options, signal);
  notice(`going to the place where ${recording.program} begins`);
  await replayUnderGdb({
    ...{ recording, kernel, debug, signal },
    onConsole: show,
    onReady: (command) =>
      notice(
        `the guest stands still until gdb lets it go on. In another terminal:\n  ${command}\nIt can go back from anywhere to where it stands now: reverse-continue, reverse-stepi. Its end, or Ctrl-C here, ends the replay.`,
      ),
  });
}

function words({ identical, bytes, difference, text, seconds, recording }: Replay): string {
  if (identical)
    return [
      `the same run: all ${bytes} bytes of console are those of the recording (${seconds.toFixed(0)} s)`,
      ...text.map((line) => `  ${line}`),
      '',
    ].join('\n');
  return `another run: its console differs from byte ${difference?.at} on
  recorded  ${difference?.recorded}
  replayed  ${difference?.replayed}
The recording is of no use here; make another one. It is in ${recording}
`;
}
