import { Command, Option } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { evaluate } from '../../harness/evaluate.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { renderVerdict } from '../../harness/output/terminal.ts';
import type { Verdict } from '../../harness/verdict.ts';
import { loadCandidate } from '../../patches/index.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { names, positive } from '../values.ts';

const exitCodes: Record<Verdict['verdict'], number> = {
  accepted: ExitCode.accepted,
  rejected: ExitCode.rejected,
  inconclusive: ExitCode.inconclusive,
};

export const evaluateVerb = () =>
  new Command('evaluate')
    .description('put a candidate on trial: build it and its base, boot both, run the suite on both, judge')
    .argument(
      '<candidate>',
      "a name ('ringtrial candidates' lists them), 'base', a patch file or a directory of patches",
    )
    .option('--tree <tree>', 'debian:6.1, another debian:X, a directory, DIR@REF, a tarball or its URL')
    .option('--profile <name>', 'kernel configuration and guest', 'lockdep')
    .option('--suite <name>', 'test programs', 'fixed-buffers')
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--repeat <n>', 'run the suite so often on each kernel', positive, 1)
    .option('--strict', 'reject when a behaviour changes, even where no invariant breaks', false)
    .addOption(
      new Option('--accel <name>', 'how the guest runs')
        .choices(['auto', 'kvm', 'tcg'] as const)
        .default('auto' as const),
    )
    .addOption(
      new Option('--machine <name>', "QEMU's machine")
        .choices(['microvm', 'q35'] as const)
        .default('microvm' as const),
    )
    .option('--dump', 'when something hangs, keep the RAM of its guest too (as large as the guest)', false)
    .addOption(
      new Option('--guests <how>', 'each test in a fork of a booted guest, or all in booted guests')
        .choices(['fork', 'boot'] as const)
        .default('fork' as const),
    )
    .option('--out <directory>', 'the run directory, which must not exist yet')
    .option('--jobs <n>', 'compilers at once (default: one for each processor)', positive)
    .option('--json', 'print the verdict as JSON (schema ringtrial.verdict/1)', false)
    .addHelpText('after', '\nExit codes: 0 accepted, 1 rejected, 2 usage or configuration, 3 inconclusive.')
    .action(async (patch, { json, ...options }) => {
      const signal = interruptible();
      // A misspelt name should not wait for apt.
      await loadCandidate(patch);
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      try {
        const verdict = await evaluate({ patch, ...options, signal, onEvent: progressOn(screen) });
        screen.end();
        process.stdout.write(
          json ? `${JSON.stringify(verdict, null, 2)}\n` : renderVerdict(verdict, process.stdout),
        );
        process.exitCode = exitCodes[verdict.verdict];
      } finally {
        screen.end();
      }
    });
