import { Command } from '@commander-js/extra-typings';
import { record } from '../../harness/replay/record.ts';
import type { Recording } from '../../harness/replay/recording.ts';
import { notice } from '../gdb-symbols.ts';
import { interruptible } from '../interrupt.ts';
import { positive } from '../values.ts';

export const recordVerb = () =>
  new Command('record')
    .description('run a test in guests whose every instruction is recorded, until it fails')
    .argument('<run>', "a run directory (its patched kernel), DIR:base, or the beginning of a kernel's hash")
    .argument('<test>', "a program of the run's suite, or PROGRAM.POINT for one of its test points")
    .option(
      '--attempts <n>',
      'how many runs, each with another timing, there may be until one fails',
      positive,
      12,
    )
    .option('--any', 'keep the first run, whether it fails or not', false)
    .option('--out <directory>', 'where to keep it, which must not exist yet (default: RUN/recordings/TEST)')
    .option('--json', 'print what was recorded as JSON (schema ringtrial.recording/1)', false)
    .addHelpText(
      'after',
      `
A recorded guest is emulated, has one processor and no network, and runs the program by itself; its kernel is the
run's. What needs two processors at the same moment does not show there.

Exit codes: 0 a failure was recorded (with --any: a run was), 2 usage or configuration, 3 nothing failed.`,
    )
    .action(async (run, test, { json, ...options }) => {
      const recording = await record({ run, test, ...options, onNotice: notice, signal: interruptible() });
      process.stdout.write(json ? `${JSON.stringify(recording, null, 2)}\n` : words(recording));
    });

const words = ({ program, point, result, text, icountShift, directory, console }: Recording): string =>
  [
    `${point === undefined ? program : `${program}.${point}`} ${result}, with icount shift=${icountShift}; ${console.bytes} bytes of console`,
    ...text.map((line) => `  ${line}`),
    `Again, instruction by instruction: ringtrial replay ${directory}`,
    '',
  ].join('\n');
