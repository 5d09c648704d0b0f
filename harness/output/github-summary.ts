import { neverRunLines } from '../coverage/words.ts';
import type { LoadedRun, LoadedTrial } from '../load-run.ts';
import { safeLine } from '../triage/safe.ts';
import type { ReportComparison, Verdict } from '../verdict.ts';
import { block, cell, code, htmlText } from './gfm.ts';

/** GitHub refuses a step's summary of more than 1 MiB. */
const mostBytes = 1024 * 1024 - 1024;

const marks = { accepted: '✅', rejected: '❌', inconclusive: '❔', missing: '❔' } as const;

/** A run as the summary of a workflow's step, in GitHub's Markdown; text of guests stands in code only. */
export function githubSummary(run: LoadedRun): string {
  const rows = run.trials.map(
    ({ id, verdict, missing = 'has not been run' }) =>
      `| ${marks[verdict?.verdict ?? 'missing']} | ${cell(id)} | ${cell(verdict?.summary ?? `no verdict: ${missing}`)} |`,
  );
  const parts = [
    `### Ringtrial: ${code(run.name)}`,
    code(run.summary),
    ['|  | trial | verdict |', '| --- | --- | --- |', ...rows].join('\n'),
    ...run.trials.flatMap(detailsOf),
  ];
  return cut(parts);
}

/** Whole parts, as many as GitHub takes. */
function cut(parts: readonly string[]): string {
  let text = '';
  for (const part of parts) {
    if (Buffer.byteLength(text) + Buffer.byteLength(part) > mostBytes)
      return `${text}The rest is too long for this page: see the report of the run.\n`;
    text += `${part}\n\n`;
  }
  return text;
}

function detailsOf(trial: LoadedTrial): string[] {
  const { verdict } = trial;
  if (!verdict) return [];
  const fresh = verdict.reports.filter((report) => report.new);
  return [
    ...(verdict.verdict === 'accepted' ? [] : [reasons(trial.id, verdict)]),
    ...fresh.map(reportPart),
    ...(verdict.behaviours.length > 0 ? [behaviours(trial.id, verdict)] : []),
    ...neverRunPart(trial.id, verdict),
  ];
}

const reasons = (id: string, verdict: Verdict): string =>
  [
    `#### ${code(id)}`,
    '',
    ...verdict.reasons.map(({ weight, text }) => `- ${weight === 'reject' ? '❌' : '❔'} ${code(text)}`),
  ].join('\n');

const reportPart = (report: ReportComparison): string =>
  [
    `<details><summary>${htmlText(report.title)}</summary>`,
    '',
    ...report.explanation.map((sentence) => `- ${code(sentence)}`),
    '',
    block(report.text),
    '</details>',
  ].join('\n');

const behaviours = (id: string, verdict: Verdict): string =>
  [
    `<details><summary>${verdict.behaviours.length} behaviours changed, ${htmlText(id)}</summary>`,
    '',
    '| test | observation | base | patched |',
    '| --- | --- | --- | --- |',
    ...verdict.behaviours.map(
      (change) =>
        `| ${[change.test, change.key, change.base.join(' or '), change.candidate.join(' or ')].map(cell).join(' | ')} |`,
    ),
    '',
    '</details>',
  ].join('\n');

/** The lines that the patch brings and no test ran. */
function neverRunPart(id: string, { coverage }: Verdict): string[] {
  const lines = neverRunLines(coverage);
  if (lines.length === 0) return [];
  const title = `${lines.length} changed lines never run, ${htmlText(id)}`;
  return [
    [`<details><summary>${title}</summary>`, '', block(lines.map(safeLine).join('\n')), '</details>'].join(
      '\n',
    ),
  ];
}
