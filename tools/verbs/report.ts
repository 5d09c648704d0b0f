import { Command, Option } from '@commander-js/extra-typings';
import { loadRun } from '../../harness/load-run.ts';
import { formats } from '../../harness/output/report.ts';
import { checkTargets, writeReport } from '../../harness/output/write-report.ts';

export const reportVerb = () =>
  new Command('report')
    .description('tell a finished run, of one trial or of a matrix, in a format for people or programs')
    .argument('<run>', 'the directory of a trial or of a matrix')
    .addOption(new Option('--format <name>', 'what to write').choices(formats).default('terminal' as const))
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('--origin <name>', "with kcidb: who reports, as KCIDB's identifiers begin", 'ringtrial')
    .addHelpText(
      'after',
      `
With --format github in a workflow, the page of the step ($GITHUB_STEP_SUMMARY) is written, too.
Exit codes: 0 the report was written, whatever the verdict; 2 it could not be.`,
    )
    .action(async (directory, { format, output, origin }) => {
      const target = { format, file: output === '-' ? undefined : output };
      await checkTargets([target]);
      await writeReport(await loadRun(directory), target, { origin });
    });
