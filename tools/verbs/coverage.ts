import { writeFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { coverage } from '../../harness/coverage/coverage.ts';
import { renderCoverage } from '../../harness/output/coverage.ts';
import { renderCoveragePage } from '../../harness/output/coverage-page.ts';
import { show } from '../show.ts';
import { watched } from '../trial-screen.ts';
import {
  candidateWords,
  jsonOption,
  onlyOption,
  outOption,
  suiteOption,
  treeOption,
} from './trial-options.ts';

export const coverageVerb = () =>
  new Command('coverage')
    .description('which of the lines that a candidate brings were executed, by which tests')
    .argument('<candidate>', candidateWords)
    .addOption(treeOption)
    .addOption(suiteOption)
    .addOption(onlyOption)
    .addOption(outOption)
    .option('--html <file>', 'write the annotated patch as a page, too')
    .addOption(jsonOption('ringtrial.coverage/1'))
    .addHelpText(
      'after',
      '\nExit codes: 0 every changed line was run, 1 some never were, 2 usage or configuration, 3 counters are missing.',
    )
    .action(async (patch, { json, html, ...options }) => {
      const result = await watched(patch, (watch) => coverage({ patch, ...options, ...watch }));
      if (html !== undefined) await writeFile(html, renderCoveragePage(result));
      show(json ? result : renderCoverage(result, process.stdout));
      if (result.unknown.length > 0) process.exitCode = ExitCode.inconclusive;
      else process.exitCode = result.neverRun.length > 0 ? ExitCode.rejected : ExitCode.accepted;
    });
