import { neverRunLines } from '../coverage/words.ts';
import type { LoadedRun, LoadedTrial } from '../load-run.ts';
import { safe, safeLine } from '../triage/safe.ts';
import { wrapped } from '../triage/words.ts';
import type { Behaviour, ReportComparison, Verdict } from '../verdict.ts';
import { clipped } from './clip.ts';
import type { Output } from './report.ts';

/** Columns of a mail to the list. */
const columns = 72;
const mostBehaviours = 20;
const mostReasons = 10;
const mostReports = 5;
const mostNeverRun = 20;

/**
 * A reply to the list: plain text that is Markdown as well, without HTML. Whatever a guest or a patch wrote stands
 * indented, as code, and cannot pass for a trailer. `Tested-by:` stands under a patch all of whose trials were
 * accepted, and nowhere else.
 */
export const replyOutput: Output = {
  render(run, { tester }) {
    const candidates = [...new Set(run.trials.map(({ candidate }) => candidate))];
    return candidates.map((candidate) => reply(run, candidate, tester)).join('\n');
  },
};

function reply(run: LoadedRun, candidate: string, tester: string | undefined): string {
  const trials = run.trials.filter((trial) => trial.candidate === candidate);
  const title = trials.find(({ verdict }) => verdict)?.verdict?.candidate.title ?? candidate;
  const parts = [
    [paragraph(opening(trials)), quoted([title])].join('\n\n'),
    ...trials.flatMap(trialParts),
    ...trailer(trials, tester),
  ];
  return parts.map((part) => `${part.trimEnd()}\n`).join('\n');
}

const opening = (trials: readonly LoadedTrial[]): string =>
  trials.some(({ verdict }) => verdict?.candidate.patches.length === 0)
    ? 'I tested a kernel without any patch with Ringtrial:'
    : 'I put this on trial with Ringtrial, beside the kernel without it:';

function trialParts({ tree, profile, suite, verdict, missing }: LoadedTrial): string[] {
  if (!verdict) {
    const where = `${plain(tree)}, profile ${plain(profile)}, suite ${plain(suite)}`;
    return [
      [paragraph(`On ${where} there is no verdict:`), quoted([missing ?? 'it has not been run'])].join(
        '\n\n',
      ),
    ];
  }
  const fresh = verdict.reports.filter((report) => report.new);
  const doubts = verdict.verdict === 'accepted' ? [] : verdict.reasons.slice(0, mostReasons);
  const more = verdict.reasons.length - doubts.length;
  return [
    [paragraph(`${setting(verdict)}:`), quoted([verdict.summary])].join('\n\n'),
    ...(doubts.length > 1
      ? [
          [
            'Why:',
            quoted([...doubts.map(({ text }) => text), ...(more > 0 ? [`and ${more} more`] : [])]),
          ].join('\n\n'),
        ]
      : []),
    ...fresh.slice(0, mostReports).map(reportPart),
    ...(fresh.length > mostReports ? [paragraph(`And ${fresh.length - mostReports} more reports.`)] : []),
    ...(verdict.behaviours.length > 0 ? [behaviourPart(verdict.behaviours)] : []),
    ...neverRunPart(verdict),
  ];
}

function setting({ tree, profile, suite, accelerator, tests, repetitions }: Verdict): string {
  const often = repetitions > 1 ? `, ${repetitions} runs of each` : '';
  return plain(
    `On ${tree.id} (${tree.version}), profile ${profile}, suite ${suite} (${tests.length} test points${often}), QEMU with ${accelerator.name}`,
  );
}

const reportPart = ({ candidate, explanation, text }: ReportComparison): string =>
  [
    paragraph(`With the patch, and not without, the kernel printed this ${times(candidate)}:`),
    raw(text),
    ...(explanation.length > 1 ? ['That is:', quoted(explanation)] : []),
  ].join('\n\n');

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function behaviourPart(behaviours: readonly Behaviour[]): string {
  const lines = behaviours
    .slice(0, mostBehaviours)
    .map(({ test, key, base, candidate }) => `${test}: ${key} ${base.join('|')} -> ${candidate.join('|')}`);
  const more = behaviours.length - lines.length;
  return [
    paragraph('What the patch changes without breaking anything that the tests hold for an invariant:'),
    quoted([...lines, ...(more > 0 ? [`and ${more} more`] : [])]),
  ].join('\n\n');
}

/** The lines that the patch brings and no test ran. */
function neverRunPart({ coverage }: Verdict): string[] {
  const lines = neverRunLines(coverage);
  if (lines.length === 0) return [];
  const more = lines.length - mostNeverRun;
  const shown = [...lines.slice(0, mostNeverRun), ...(more > 0 ? [`and ${more} more`] : [])];
  return [[paragraph('No test ran these lines of the patch:'), quoted(shown)].join('\n\n')];
}

/** Only for a patch, and only when nothing of it is open. */
function trailer(trials: readonly LoadedTrial[], tester: string | undefined): string[] {
  const accepted = trials.every(({ verdict }) => verdict?.verdict === 'accepted');
  const patched = trials.every(({ verdict }) => verdict && verdict.candidate.patches.length > 0);
  if (!accepted || !patched) return [];
  return [
    tester === undefined
      ? '[ Tested-by: your name and address, which "git config user.name" and\n  "git config user.email" do not tell ]'
      : `Tested-by: ${safeLine(tester)}`,
  ];
}

/** Our own words, with names of files and kernels in them. */
const paragraph = (text: string): string =>
  wrapped(plain(text), columns)
    .map((line) => line.trimStart())
    .join('\n');

/** Text on one line in which nothing is Markdown. */
const plain = (text: string): string => safeLine(text).replaceAll(/[`<>]/g, "'").trim();

const indent = '    ';

/** Others' sentences, broken to the width of a mail. */
const quoted = (lines: readonly string[]): string =>
  lines
    .flatMap((line) => wrapped(untrailed(clipped([safeLine(line)], 2000)), columns - indent.length))
    .map((line) => indent + line)
    .join('\n');

/** Printk's time stamp and the thread, which make lines too long for a mail and say little there. */
const stamp = /^\[ *\d+\.\d+\](?:\[ *[CT]\d+\])? ?/;

/** A report of the kernel, whose lines must stay as they are. */
const raw = (text: string): string =>
  clipped([safe(text).trimEnd()])
    .split('\n')
    .map((line) => (indent + untrailed(line.replace(stamp, ''))).trimEnd())
    .join('\n');

/** Tools that gather trailers from replies look for `…-by:` at the beginning of any line, indented or not. */
const untrailed = (text: string): string => text.replaceAll(/-by:/gi, (found) => `${found.slice(0, -1)} :`);
