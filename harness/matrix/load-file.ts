import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { RingtrialError } from '../../common/errors.ts';
import { type CheckedMatrixFile, matrixFileSchema } from './file.ts';

/** A matrix file that cannot be read, or says what no matrix can be. */
export class MatrixFileError extends RingtrialError {
  readonly code = 'MATRIX_FILE';
}

/** A matrix that has been read, and where the relative paths in it start. */
export interface LoadedMatrix {
  readonly matrix: CheckedMatrixFile & { readonly name: string };
  /** Absolute. */
  readonly directory: string;
}

/**
 * Reads a matrix file: JSON, or TypeScript or JavaScript whose default export is the matrix. Such a file is run.
 *
 * @throws MatrixFileError that names the key which is wrong
 */
export async function loadMatrixFile(file: string): Promise<LoadedMatrix> {
  const absolute = path.resolve(file);
  const content = /\.[cm]?[jt]s$/.test(file) ? await imported(absolute) : await parsed(absolute);
  const name = path.basename(file).replace(/(\.matrix)?\.\w+$/, '');
  return checkMatrix(content, { file, name, directory: path.dirname(absolute) });
}

/**
 * Checks a matrix, wherever it comes from.
 *
 * @throws MatrixFileError
 */
export function checkMatrix(
  content: unknown,
  about: { readonly file: string; readonly name: string; readonly directory: string },
): LoadedMatrix {
  const result = matrixFileSchema.safeParse(content);
  if (!result.success)
    throw new MatrixFileError(`${about.file} is no matrix:\n${problems(result.error.issues).join('\n')}`);
  const matrix = result.data;
  if (matrix.candidates.length === 0 && matrix.include.length === 0)
    throw new MatrixFileError(
      `${about.file} names no candidate, under "candidates" or "include": nothing to try.`,
    );
  const name = matrix.name ?? (about.name.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || 'matrix');
  return { matrix: { ...matrix, name }, directory: about.directory };
}

async function imported(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    if (module.default !== undefined) return module.default;
  } catch (cause) {
    throw new MatrixFileError(`${file} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
  throw new MatrixFileError(`${file} has no default export: write 'export default { candidates: [ … ] };'.`);
}

async function parsed(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new MatrixFileError(
      code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read as JSON: ${message}`,
      { cause },
    );
  }
}

type Issue = z.core.$ZodIssue;

/** One line for each problem: the key, and what is wrong with it. */
function problems(issues: readonly Issue[], above: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const at = [...above, ...issue.path];
    if (issue.code !== 'invalid_union') return line(at, issue.message);
    // What was meant is the branch that got further: an object is no string, whatever its keys.
    const meant = issue.errors.find((branch) =>
      branch.every(({ path: inner, code }) => inner.length > 0 || code === 'unrecognized_keys'),
    );
    if (meant !== undefined) return problems(meant, at);
    return line(at, issue.errors.map(([first]) => first?.message).join(', or '));
  });
}

const line = (at: readonly PropertyKey[], message: string): string =>
  `  ${at.length === 0 ? 'the file' : z.core.toDotPath(at)}: ${message}`;
