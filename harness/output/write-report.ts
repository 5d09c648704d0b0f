import { access, appendFile, constants, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import type { Coverage } from '../coverage/schema.ts';
import type { LoadedRun } from '../load-run.ts';
import { renderCoverage } from './coverage.ts';
import { renderCoveragePage } from './coverage-page.ts';
import { forWorkflow } from './github.ts';
import { githubSummary } from './github-summary.ts';
import { originPattern } from './kcidb-schema.ts';
import { type Format, formats, renderRun } from './report.ts';
import { testerOfGit } from './tester.ts';

/** A report that was asked for in a way that cannot be followed, or whose file cannot be written. */
export class ReportError extends RingtrialError {
  readonly code = 'REPORT';
}

/** A format and where it goes. */
export interface ReportTarget {
  readonly format: Format;
  /** Undefined: standard output. */
  readonly file: string | undefined;
}

/** Reads `FORMAT:FILE`, or `FORMAT` alone for standard output. @throws ReportError */
export function parseTarget(text: string): ReportTarget {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const format = formats.find((known) => known === name);
  if (format === undefined)
    throw new ReportError(`"${name}" is no format of a report. There are: ${formats.join(', ')}.`);
  const file = colon < 0 ? '-' : text.slice(colon + 1);
  if (file === '') throw new ReportError(`"${text}" names no file. Write ${name}:FILE.`);
  return { format, file: file === '-' ? undefined : file };
}

/** Finds out before hours of work whether the files can be written. @throws ReportError */
export async function checkTargets(targets: readonly ReportTarget[]): Promise<void> {
  for (const { file } of targets) {
    if (file === undefined) continue;
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory()) throw new ReportError(`${file} is a directory; a report is a file.`);
    try {
      await access(there ? file : path.dirname(path.resolve(file)), constants.W_OK);
    } catch (cause) {
      throw new ReportError(`The report ${file} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }
}

export interface ReportOptions {
  /** KCIDB's name of the system that reports. */
  readonly origin?: string | undefined;
}

/**
 * Writes a run in one format. In a workflow of GitHub, `github` adds to the page of the step as well
 * ($GITHUB_STEP_SUMMARY).
 *
 * @throws ReportError
 */
export async function writeReport(
  run: LoadedRun,
  { format, file }: ReportTarget,
  { origin = 'ringtrial' }: ReportOptions = {},
): Promise<void> {
  if (!originPattern.test(origin))
    throw new ReportError(
      `"${origin}" cannot be the origin of a KCIDB report: it takes lower-case letters, digits and "_".`,
    );
  const tester = format === 'markdown' ? await testerOfGit() : undefined;
  const stream = file === undefined ? process.stdout : undefined;
  const text = await renderRun(run, format, { origin, tester, stream });
  await put(text, { format, file }, async () => {
    const summary = process.env['GITHUB_STEP_SUMMARY'];
    if (format === 'github' && summary) await appendFile(summary, githubSummary(run));
  });
}

/**
 * Writes what `ringtrial coverage` found, which is no verdict.
 *
 * @throws ReportError when its file cannot be written, or when the format is one of verdicts
 */
export async function writeCoverage(coverage: Coverage, { format, file }: ReportTarget): Promise<void> {
  const render = {
    terminal: () => renderCoverage(coverage, process.stdout),
    html: () => renderCoveragePage(coverage),
    json: () => `${JSON.stringify(coverage, null, 2)}\n`,
  };
  if (!(format in render))
    throw new ReportError(
      `${coverage.directory} is of "ringtrial coverage", which gives no verdict, and ${format} is a format of verdicts. There are: ${Object.keys(render).join(', ')}.`,
    );
  await put(render[format as keyof typeof render](), { format, file });
}

async function put(text: string, { format, file }: ReportTarget, more?: () => Promise<void>): Promise<void> {
  try {
    if (file === undefined) process.stdout.write(format === 'terminal' ? forWorkflow(text) : text);
    else await writeFile(file, text);
    await more?.();
  } catch (cause) {
    throw new ReportError(`The ${format} report cannot be written: ${(cause as Error).message}`, { cause });
  }
}
