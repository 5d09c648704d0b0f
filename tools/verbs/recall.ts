import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { renderRecall } from '../../harness/output/recall.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { recall } from '../../harness/recall/recall.ts';
import { runsRoot, stamp } from '../../harness/run-directory.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { names, positive } from '../values.ts';

export const recallVerb = () =>
  new Command('recall')
    .description('run the suite over the mutants and their bases: what it catches, by what, how fast')
    .argument(
      '[mutants...]',
      'names such as mutants/quiesce-forgotten; by default all that come with Ringtrial',
    )
    .option('--suite <name>', 'test programs', 'fixed-buffers')
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--repeat <n>', 'run the suite so often on a mutant that it does not catch', positive, 3)
    .option('--base-repeat <n>', 'run it so often on each base, where it must be silent', positive, 1)
    .option('--out <directory>', 'where the evidence goes, which must not exist yet')
    .option('--json', 'print the result as JSON (schema ringtrial.recall/1)', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 all caught and no false alarm, 1 not so, 2 usage or configuration, 3 not all tried, or unclear.',
    )
    .action(async (mutants, { json, out, ...options }) => {
      const signal = interruptible();
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      const directory = path.resolve(out ?? path.join(runsRoot(), `${stamp()}-recall`));
      try {
        const result = await recall({
          names: mutants,
          ...options,
          out: directory,
          signal,
          onEvent: progressOn(screen),
        });
        screen.end();
        await writeFile(path.join(directory, 'recall.json'), `${JSON.stringify(result, null, 2)}\n`);
        process.stdout.write(
          json ? `${JSON.stringify(result, null, 2)}\n` : renderRecall(result, process.stdout),
        );
        const bad =
          result.mutants.some((row) => row.result === 'missed') ||
          result.bases.some(({ alarms }) => alarms.length > 0);
        const untried = result.mutants.some((row) => row.result === 'not tried' || row.result === 'unclear');
        process.exitCode = bad ? ExitCode.rejected : untried ? ExitCode.inconclusive : ExitCode.accepted;
      } finally {
        screen.end();
      }
    });
