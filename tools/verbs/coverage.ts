import { writeFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { coverage } from '../../harness/coverage/coverage.ts';
import { renderCoverage } from '../../harness/output/coverage.ts';
import { renderCoveragePage } from '../../harness/output/coverage-page.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { loadCandidate } from '../../patches/index.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { names } from '../values.ts';

export const coverageVerb = () =>
  new Command('coverage')
    .description('which of the lines that a candidate brings were executed, by which tests')
    .argument(
      '<candidate>',
      "a name ('ringtrial candidates' lists them), a patch file or a directory of patches",
    )
    .option('--tree <tree>', 'debian:6.1, another debian:X, a directory, DIR@REF, a tarball or its URL')
    .option('--suite <name>', 'test programs', 'fixed-buffers')
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--out <directory>', 'the run directory, which must not exist yet')
    .option('--html <file>', 'write the annotated patch as a page, too')
    .option('--json', 'print the result as JSON (schema ringtrial.coverage/1)', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 every changed line was run, 1 some never were, 2 usage or configuration, 3 counters are missing.',
    )
    .action(async (patch, { json, html, ...options }) => {
      const signal = interruptible();
      await loadCandidate(patch);
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      try {
        const result = await coverage({ patch, ...options, signal, onEvent: progressOn(screen) });
        screen.end();
        if (html !== undefined) await writeFile(html, renderCoveragePage(result));
        process.stdout.write(
          json ? `${JSON.stringify(result, null, 2)}\n` : renderCoverage(result, process.stdout),
        );
        if (result.unknown.length > 0) process.exitCode = ExitCode.inconclusive;
        else process.exitCode = result.neverRun.length > 0 ? ExitCode.rejected : ExitCode.accepted;
      } finally {
        screen.end();
      }
    });
