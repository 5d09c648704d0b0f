import { ExitCode } from '../common/errors.ts';
import type { MatrixDocument } from '../harness/matrix/document.ts';
import { type MatrixOptions, type MatrixResult, matrix } from '../harness/matrix/matrix.ts';
import { matrixProgressOn, renderMatrix } from '../harness/output/matrix.ts';
import { screenOn } from '../harness/output/screen.ts';

/**
 * Runs a matrix, shows how it goes and what it came to, and settles the exit code: that of the worst trial.
 *
 * @param again how one goes on with what was stopped, given its directory
 */
export async function runMatrix(
  options: MatrixOptions,
  json: boolean,
  again: (directory: string) => string = (directory) => `ringtrial matrix --resume ${directory}`,
): Promise<MatrixResult> {
  const screen = screenOn(process.stderr);
  let directory: string | undefined;
  const show = matrixProgressOn(screen);
  try {
    const result = await matrix({
      ...options,
      onEvent: (event) => {
        if (event.type === 'began') directory = event.directory;
        show(event);
      },
    });
    screen.end();
    showMatrix(result, json);
    return result;
  } catch (error) {
    screen.end();
    if (directory !== undefined)
      process.stderr.write(`ringtrial: what is finished is kept; go on with: ${again(directory)}\n`);
    throw error;
  } finally {
    screen.end();
  }
}

/** Prints a matrix and settles the exit code. */
export function showMatrix(
  result: { readonly directory: string; readonly document: MatrixDocument },
  json: boolean,
): void {
  process.stdout.write(
    json ? `${JSON.stringify(result.document, null, 2)}\n` : renderMatrix(result, process.stdout),
  );
  process.exitCode = exitCodeOf(result.document);
}

function exitCodeOf({ trials }: MatrixDocument): number {
  if (trials.some(({ verdict }) => verdict === 'rejected')) return ExitCode.rejected;
  return trials.every(({ verdict }) => verdict === 'accepted') ? ExitCode.accepted : ExitCode.inconclusive;
}
