import { Command, Option } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { evaluate } from '../../harness/evaluate.ts';
import { runOfVerdict } from '../../harness/load-run.ts';
import { forWorkflow } from '../../harness/output/github.ts';
import { formats } from '../../harness/output/report.ts';
import { renderSeries } from '../../harness/output/series.ts';
import { renderVerdict } from '../../harness/output/terminal.ts';
import { checkTargets, ReportError } from '../../harness/output/write-report.ts';
import { evaluateEach, type SeriesVerdict } from '../../harness/series/each.ts';
import type { Verdict } from '../../harness/verdict.ts';
import { show } from '../show.ts';
import { watched } from '../trial-screen.ts';
import { perturbation, positiveOrAuto } from '../values.ts';
import { evaluateProfiles, ProfilesError } from './evaluate-profiles.ts';
import { reportTarget, writeReports } from './reports.ts';
import {
  accelOption,
  candidateWords,
  jobsOption,
  jsonOption,
  machineOption,
  onlyOption,
  outOption,
  profilesOption,
  suiteOption,
  treeOption,
} from './trial-options.ts';

const exitCodes: Record<Verdict['verdict'], number> = {
  accepted: ExitCode.accepted,
  rejected: ExitCode.rejected,
  inconclusive: ExitCode.inconclusive,
};

export const evaluateVerb = () =>
  new Command('evaluate')
    .description('put a candidate on trial: build it and its base, boot both, run the suite on both, judge')
    .argument('<candidate>', candidateWords)
    .addOption(treeOption)
    .addOption(profilesOption)
    .addOption(suiteOption)
    .addOption(onlyOption)
    .option(
      '--repeat <n|auto>',
      'run the suite so often on each kernel, in turns; auto: until failures are told from chance, 3 to 48 times',
      positiveOrAuto,
      1,
    )
    .option(
      '--perturb <n[:seed]>',
      'run each test under so many schedules: other vCPUs, preemption, timing; vCPUs held, delays at functions',
      perturbation,
    )
    .option(
      '--each',
      'try the series patch by patch, and name the first one that brings something bad',
      false,
    )
    .option(
      '--bisect',
      "exit with 125 when the patched tree does not compile, which 'git bisect run' skips",
      false,
    )
    .option('--known <file>', 'kernel reports that are accepted: README says what stands in the file')
    .option('--strict', 'reject when a behaviour changes, even where no invariant breaks', false)
    .addOption(accelOption)
    .addOption(machineOption)
    .option('--dump', 'when something hangs, keep the RAM of its guest too (as large as the guest)', false)
    .addOption(
      new Option('--guests <how>', 'each test in a fork of a booted guest, or all in booted guests')
        .choices(['fork', 'boot'] as const)
        .default('fork' as const),
    )
    .addOption(outOption)
    .addOption(jobsOption)
    .addOption(jsonOption('ringtrial.verdict/1'))
    .option(
      '--report <format:file>',
      `also write a report: ${formats.join(', ')}; may be given again`,
      reportTarget,
    )
    .addHelpText('after', '\nExit codes: 0 accepted, 1 rejected, 2 usage or configuration, 3 inconclusive.')
    .action(async (patch, { json, each, bisect, report = [], profile: profiles, ...rest }) => {
      const [profile = 'lockdep'] = profiles;
      if (profiles.length > 1 || profile === 'all') {
        if (each || bisect)
          throw new ProfilesError('--each and --bisect take one profile: name one with --profile.');
        return await evaluateProfiles({ patch, ...rest }, { profiles, json, report });
      }
      const options = { ...rest, profile };
      if (each && report.length > 0)
        throw new ReportError(
          '--report tells of one trial; with --each there are many. Leave one of them out.',
        );
      // A wrong path should not wait for a trial.
      await checkTargets(report);
      const result = await watched(patch, (watch): Promise<Verdict | SeriesVerdict> => {
        const trial = { patch, ...options, ...watch };
        return each ? evaluateEach(trial) : evaluate(trial);
      });
      if ('steps' in result) return showSeries(result, json);
      showVerdict(result, { json, bisect });
      await writeReports(runOfVerdict(result), report);
    });

function showVerdict(
  verdict: Verdict,
  { json, bisect }: { readonly json: boolean; readonly bisect: boolean },
): void {
  show(json ? verdict : forWorkflow(renderVerdict(verdict, process.stdout)));
  process.exitCode = bisect && verdict.buildError ? ExitCode.skip : exitCodes[verdict.verdict];
}

function showSeries(series: SeriesVerdict, json: boolean): void {
  show(json ? series : renderSeries(series, process.stdout));
  const verdicts = series.steps.map(({ verdict }) => verdict.verdict);
  process.exitCode = verdicts.includes('rejected')
    ? ExitCode.rejected
    : exitCodes[verdicts.at(-1) ?? 'accepted'];
}
