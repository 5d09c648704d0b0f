import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { renderBisect } from '../../harness/output/series.ts';
import { bisect } from '../../harness/series/bisect.ts';
import { loadCandidate } from '../../patches/index.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { names, positive } from '../values.ts';

export const bisectVerb = () =>
  new Command('bisect')
    .description('find the patch of a series that brings a failure or a kernel report, by halves')
    .argument('<candidate>', 'a series: a name, a directory of patches')
    .option('--tree <tree>', 'debian:6.1, another debian:X, a directory, DIR@REF, a tarball or its URL')
    .option('--profile <name>', 'kernel configuration and guest', 'lockdep')
    .option('--suite <name>', 'test programs', 'fixed-buffers')
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--repeat <n>', 'run the whole series so often first, to learn how often it fails', positive, 5)
    .option('--confidence <p>', 'how sure a step must be that the failure is not there', share, 0.99)
    .option('--out <directory>', 'the run directory, which must not exist yet')
    .option('--json', 'print the result as JSON (schema ringtrial.bisect/1)', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 found, 2 usage or configuration (also: nothing fails), 3 not told for sure.',
    )
    .action(async (patch, { json, ...options }) => {
      const signal = interruptible();
      await loadCandidate(patch);
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      try {
        const found = await bisect({ patch, ...options, signal, onEvent: progressOn(screen) });
        screen.end();
        process.stdout.write(
          json ? `${JSON.stringify(found, null, 2)}\n` : renderBisect(found, process.stdout),
        );
        process.exitCode = found.first === null ? ExitCode.inconclusive : ExitCode.accepted;
      } finally {
        screen.end();
      }
    });

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('A number above 0 and below 1 is needed.');
  return value;
}
