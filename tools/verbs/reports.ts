import { InvalidArgumentError } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import type { LoadedRun } from '../../harness/load-run.ts';
import {
  parseTarget,
  ReportError,
  type ReportTarget,
  writeReport,
} from '../../harness/output/write-report.ts';

/** Collects the values of an option `--report FORMAT:FILE` that may be given again and again. */
export function reportTarget(text: string, before: readonly ReportTarget[] = []): ReportTarget[] {
  try {
    return [...before, parseTarget(text)];
  } catch (error) {
    throw error instanceof ReportError ? new InvalidArgumentError(error.message) : error;
  }
}

/**
 * Writes the reports that were asked for with a run. One that cannot be written is told, and neither hides the
 * verdict nor keeps the others from being written; only where all else was well it decides the exit code.
 */
export async function writeReports(run: LoadedRun, targets: readonly ReportTarget[]): Promise<void> {
  for (const target of targets) {
    try {
      await writeReport(run, target);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      process.stderr.write(`ringtrial: ${error.message}\n`);
      process.exitCode ||= ExitCode.usage;
    }
  }
}
