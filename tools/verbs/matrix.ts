import { Command } from '@commander-js/extra-typings';
import { RingtrialError } from '../../common/errors.ts';
import { loadRun } from '../../harness/load-run.ts';
import { expand } from '../../harness/matrix/expand.ts';
import { matrixJsonSchema } from '../../harness/matrix/file.ts';
import { loadMatrixFile } from '../../harness/matrix/load-file.ts';
import { preview } from '../../harness/matrix/preview.ts';
import { renderPreview } from '../../harness/output/matrix.ts';
import { formats } from '../../harness/output/report.ts';
import { checkTargets } from '../../harness/output/write-report.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { queueOption, storeOption } from '../queue-options.ts';
import { runMatrix } from '../run-matrix.ts';
import { show } from '../show.ts';
import { positive } from '../values.ts';
import { reportTarget, writeReports } from './reports.ts';

/** The command line asks for nothing that can be done. */
class MatrixUsageError extends RingtrialError {
  readonly code = 'MATRIX_USAGE';
}

export const matrixVerb = () =>
  new Command('matrix')
    .description('put candidates on trial on every tree, in every profile, under every suite; resumable')
    .argument('[file]', 'the matrix: TypeScript with a default export (it is run), or JSON')
    .option('--out <directory>', 'the directory of the matrix, which must not exist yet')
    .option('--resume <directory>', 'go on with a matrix that was stopped: exactly what is missing is done')
    .option('--dry-run', 'print what would be built and tried, and how long it may take', false)
    .option('--schema', 'print the JSON Schema of matrix files', false)
    .option('--jobs <n>', 'compilers at once (default: one for each processor)', positive)
    .addOption(queueOption())
    .addOption(storeOption())
    .option('--json', 'print matrix.json (schema ringtrial.matrix/1), with --dry-run the plan', false)
    .option(
      '--report <format:file>',
      `also write a report: ${formats.join(', ')}; may be given again`,
      reportTarget,
    )
    .addHelpText(
      'after',
      '\nExit codes: that of the worst trial: 0 all accepted, 1 one rejected, 3 one inconclusive or missing; 2 usage or configuration.',
    )
    .action(async (file, { json, schema, dryRun, report = [], ...options }) => {
      if (schema) return show(matrixJsonSchema());
      if (file === undefined && (dryRun || options.resume === undefined))
        throw new MatrixUsageError(
          'Name a matrix file, or with --resume the directory of a matrix that was begun.',
        );
      const plan = file === undefined ? undefined : await expand(await loadMatrixFile(file));
      if (dryRun && plan) return show(json ? plan : renderPreview(preview(plan)));
      const signal = interruptible();
      await checkTargets(report);
      await ensureHost(signal);
      const { directory } = await runMatrix({ plan, ...options, signal }, json);
      if (report.length > 0) await writeReports(await loadRun(directory), report);
    });
