import { neverRunLines } from '../coverage/words.ts';
import type { LoadedRun, LoadedTrial } from '../load-run.ts';
import { safe, safeLine } from '../triage/safe.ts';
import type { Verdict } from '../verdict.ts';
import { clipped } from './clip.ts';
import type { Output } from './report.ts';

/** GitHub shows so many annotations of one kind for a step; the rest would be lost without a word. */
const mostOfAKind = 10;

interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/**
 * Workflow commands that GitHub turns into annotations: what decided against a trial as errors, doubts and what
 * could not be observed as warnings, a changed behaviour as a notice. The page of the step is another output's.
 */
export const githubOutput: Output = {
  render: (run) => annotationsOf(run).map(command).join(''),
};

function annotationsOf(run: LoadedRun): Annotation[] {
  const all = run.trials.flatMap(ofTrial);
  return (['error', 'warning', 'notice'] as const).flatMap((level) => {
    const these = all.filter((annotation) => annotation.level === level);
    if (these.length <= mostOfAKind) return these;
    const shown = these.slice(0, mostOfAKind - 1);
    const rest = these.length - shown.length;
    return [...shown, { level, title: 'ringtrial', message: `and ${rest} more, in the report of the run` }];
  });
}

function ofTrial({ id, verdict, missing }: LoadedTrial): Annotation[] {
  if (!verdict)
    return [{ level: 'error', title: id, message: `no verdict: ${missing ?? 'the trial has not been run'}` }];
  const changed = verdict.behaviours.map(({ test, key, base, candidate }) => {
    return `${test}: ${key} was ${base.join('|')}, is ${candidate.join('|')}`;
  });
  const neverRun = neverRunLines(verdict.coverage);
  return [
    deciding(id, verdict),
    ...verdict.reasons.map(({ weight, subject, text }): Annotation => {
      const level = weight === 'reject' ? 'error' : 'warning';
      return { level, title: `${subject} (${id})`, message: text };
    }),
    ...(changed.length > 0
      ? [{ level: 'notice', title: `behaviours changed (${id})`, message: changed.join('\n') } as const]
      : []),
    ...(neverRun.length > 0
      ? [{ level: 'notice', title: `never run (${id})`, message: neverRun.join('\n') } as const]
      : []),
  ];
}

/** The verdict; at the line of the kernel's source that does not compile, where that decided. */
function deciding(id: string, { verdict, summary, buildError }: Verdict): Annotation {
  const place = { file: buildError?.file ?? undefined, line: buildError?.line ?? undefined };
  // Also where no reason stands: a verdict that is not `accepted` never goes by without an error.
  return { level: verdict === 'accepted' ? 'notice' : 'error', title: id, message: summary, ...place };
}

/** `::error file=F,line=N,title=T::MESSAGE`, with the escapes of GitHub's runner (ActionCommand). */
function command({ level, title, message, file, line }: Annotation): string {
  const properties = Object.entries({ file, line: line === undefined ? undefined : String(line), title })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${property(value)}`]))
    .join(',');
  return `::${level} ${properties}::${data(message)}\n`;
}

const data = (text: string): string =>
  clipped([safe(text)], 4000)
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');

const property = (text: string): string => data(safeLine(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');

/**
 * Text that GitHub's runner shall only show: it takes `::` at the beginning of any line of a step's output, and
 * `##[` anywhere in one, for commands to itself.
 */
export const withoutCommands = (text: string): string =>
  text.replaceAll(/^(\s*):(?=:)/gm, '$1:\u{200b}').replaceAll('##[', '##\u{200b}[');

/** Text for people on standard output, where that is the log of a GitHub workflow. */
export const forWorkflow = (text: string): string =>
  process.env['GITHUB_ACTIONS'] === 'true' ? withoutCommands(text) : text;
