import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { renderRecall } from '../../harness/output/recall.ts';
import { recall } from '../../harness/recall/recall.ts';
import { runsRoot, stamp } from '../../harness/run-directory.ts';
import { show } from '../show.ts';
import { watched } from '../trial-screen.ts';
import { positive } from '../values.ts';
import { jsonOption, onlyOption, outOption, suiteOption } from './trial-options.ts';

export const recallVerb = () =>
  new Command('recall')
    .description('run the suite over the mutants and their bases: what it catches, by what, how fast')
    .argument(
      '[mutants...]',
      'names such as mutants/quiesce-forgotten; by default all that come with Ringtrial',
    )
    .addOption(suiteOption)
    .addOption(onlyOption)
    .option('--repeat <n>', 'run the suite so often on a mutant that it does not catch', positive, 3)
    .option('--base-repeat <n>', 'run it so often on each base, where it must be silent', positive, 1)
    .addOption(outOption)
    .addOption(jsonOption('ringtrial.recall/1'))
    .addHelpText(
      'after',
      '\nExit codes: 0 all caught and no false alarm, 1 not so, 2 usage or configuration, 3 not all tried, or unclear.',
    )
    .action(async (mutants, { json, out, ...options }) => {
      const directory = path.resolve(out ?? path.join(runsRoot(), `${stamp()}-recall`));
      const result = await watched(undefined, (watch) =>
        recall({ names: mutants, ...options, out: directory, ...watch }),
      );
      await writeFile(path.join(directory, 'recall.json'), `${JSON.stringify(result, null, 2)}\n`);
      show(json ? result : renderRecall(result, process.stdout));
      const bad =
        result.mutants.some((row) => row.result === 'missed') ||
        result.bases.some(({ alarms }) => alarms.length > 0);
      const untried = result.mutants.some((row) => row.result === 'not tried' || row.result === 'unclear');
      process.exitCode = bad ? ExitCode.rejected : untried ? ExitCode.inconclusive : ExitCode.accepted;
    });
