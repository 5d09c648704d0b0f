import { complaints } from '../guest-in-use.ts';
import { endLine, noEndLine } from './alone.ts';

/** What a guest that ran one program by itself tells on its console. */
export interface Outcome {
  /** `unknown`: it did not come to its end, and nothing says why. */
  readonly result: 'failed' | 'passed' | 'unknown';
  /** What failed, a line each. */
  readonly text: readonly string[];
}

/** Of KTAP programs and of those that tell by exit code: skipped (automake's convention). */
const skipped = 77;

/** Reads how a run ended: kernel reports, failed test points, the exit status, or that there was no end. */
export function outcomeOf(console: Buffer): Outcome {
  const text = console.toString('latin1').replaceAll('\r', '');
  const reports = complaints(console).map((report) => `kernel report: ${report.title}`);
  // The kernel's own lines may stand before them.
  const points = [...text.matchAll(/^not ok \d+ .*$/gm)].map(([line]) => line);
  const status = endLine.exec(text)?.[1];
  const late = noEndLine.exec(text)?.[0].replace('ringtrial: ', '');
  const ended =
    status === undefined
      ? []
      : Number(status) === 0 || Number(status) === skipped
        ? []
        : [`exit status ${status}`];
  const failed = [...reports, ...points, ...ended, ...(late === undefined ? [] : [late])];
  if (failed.length > 0) return { result: 'failed', text: [...new Set(failed)] };
  return status === undefined ? { result: 'unknown', text: [] } : { result: 'passed', text: [] };
}
