import { Command, Option } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { evaluate } from '../../harness/evaluate.ts';
import { runOfVerdict } from '../../harness/load-run.ts';
import { forWorkflow } from '../../harness/output/github.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { formats } from '../../harness/output/report.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { renderSeries } from '../../harness/output/series.ts';
import { renderVerdict } from '../../harness/output/terminal.ts';
import { checkTargets, ReportError } from '../../harness/output/write-report.ts';
import { evaluateEach, type SeriesVerdict } from '../../harness/series/each.ts';
import type { Verdict } from '../../harness/verdict.ts';
import { loadCandidate } from '../../patches/index.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { show } from '../show.ts';
import { names, positive } from '../values.ts';
import { reportTarget, writeReports } from './reports.ts';

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
    .option(
      '--suite <suite>',
      "test programs: a name ('ringtrial suite' lists them), or a directory with a suite.json",
      'fixed-buffers',
    )
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--repeat <n>', 'run the suite so often on each kernel', positive, 1)
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
    .option(
      '--report <format:file>',
      `also write a report: ${formats.join(', ')}; may be given again`,
      reportTarget,
    )
    .addHelpText('after', '\nExit codes: 0 accepted, 1 rejected, 2 usage or configuration, 3 inconclusive.')
    .action(async (patch, { json, each, bisect, report = [], ...options }) => {
      const signal = interruptible();
      // A misspelt name should not wait for apt, nor a wrong path for a trial.
      await loadCandidate(patch);
      if (each && report.length > 0)
        throw new ReportError(
          '--report tells of one trial; with --each there are many. Leave one of them out.',
        );
      await checkTargets(report);
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      const trial = { patch, ...options, signal, onEvent: progressOn(screen) };
      try {
        const result = each ? await evaluateEach(trial) : await evaluate(trial);
        // Before anything is printed: a status line may stand on the terminal.
        screen.end();
        if ('steps' in result) showSeries(result, json);
        else {
          showVerdict(result, { json, bisect });
          await writeReports(runOfVerdict(result), report);
        }
      } finally {
        screen.end();
      }
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
