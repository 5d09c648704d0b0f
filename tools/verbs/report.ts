import path from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { coverageSchema } from '../../harness/coverage/schema.ts';
import { loadRun, readDocument } from '../../harness/load-run.ts';
import { formats } from '../../harness/output/report.ts';
import { checkTargets, writeCoverage, writeReport } from '../../harness/output/write-report.ts';

export const reportVerb = () =>
  new Command('report')
    .description('tell a finished run, of one trial or of a matrix, in a format for people or programs')
    .argument(
      '<run>',
      'the directory of a trial, of a matrix, or of what `coverage` found (terminal, html, json)',
    )
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
      const coverage = await readDocument(path.join(directory, 'coverage.json'), coverageSchema);
      if (coverage) await writeCoverage(coverage, target);
      else await writeReport(await loadRun(directory), target, { origin });
    });
