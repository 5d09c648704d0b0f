import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { renderBisect } from '../../harness/output/series.ts';
import { bisect } from '../../harness/series/bisect.ts';
import { show } from '../show.ts';
import { watched } from '../trial-screen.ts';
import { positive } from '../values.ts';
import {
  jsonOption,
  onlyOption,
  outOption,
  profileOption,
  suiteOption,
  treeOption,
} from './trial-options.ts';

export const bisectVerb = () =>
  new Command('bisect')
    .description('find the patch of a series that brings a failure or a kernel report, by halves')
    .argument('<candidate>', 'a series: a name, a directory of patches')
    .addOption(treeOption)
    .addOption(profileOption)
    .addOption(suiteOption)
    .addOption(onlyOption)
    .option('--repeat <n>', 'run the whole series so often first, to learn how often it fails', positive, 5)
    .option('--confidence <p>', 'how sure a step must be that the failure is not there', share, 0.99)
    .addOption(outOption)
    .addOption(jsonOption('ringtrial.bisect/1'))
    .addHelpText(
      'after',
      '\nExit codes: 0 found, 2 usage or configuration (also: nothing fails), 3 not told for sure.',
    )
    .action(async (patch, { json, ...options }) => {
      const found = await watched(patch, (watch) => bisect({ patch, ...options, ...watch }));
      show(json ? found : renderBisect(found, process.stdout));
      process.exitCode = found.first === null ? ExitCode.inconclusive : ExitCode.accepted;
    });

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('A number above 0 and below 1 is needed.');
  return value;
}
