import type { MatrixDocument, MatrixTrial } from '../matrix/document.ts';
import type { MatrixEvent, MatrixListener } from '../matrix/events.ts';
import type { Preview, TrialEstimate } from '../matrix/preview.ts';
import { safeLine } from '../triage/safe.ts';
import { clockFrom, kernelWords, words } from './progress.ts';
import { type Screen, styled } from './screen.ts';
import { table } from './table.ts';

const colours = { accepted: 'green', rejected: 'red', inconclusive: 'yellow', missing: 'yellow' } as const;

/** Columns that say the same in every row say nothing. */
const columns = ['tree', 'profile', 'suite'] as const;

/** A matrix as a table, one row a trial, then what it comes to. */
export function renderMatrix(
  { directory, document }: { readonly directory: string; readonly document: MatrixDocument },
  stream: NodeJS.WriteStream,
): string {
  const { trials } = document;
  const shown = columns.filter((column) => new Set(trials.map((trial) => trial[column])).size > 1);
  const rows = trials.map((trial) => [
    trial.candidate,
    ...shown.map((column) => trial[column]),
    trial.verdict,
    safeLine(shortened(trial)).slice(0, 150),
  ]);
  const worst = (['rejected', 'missing', 'inconclusive', 'accepted'] as const).find((verdict) =>
    trials.some((trial) => trial.verdict === verdict),
  );
  const common = columns.filter((column) => !shown.includes(column)).map((column) => trials[0]?.[column]);
  return [
    ...(common.length > 0 ? [`All on ${common.join(', ')}.\n\n`] : []),
    table(['candidate', ...shown, 'verdict', ''], rows),
    `\n${styled(['bold', colours[worst ?? 'missing']], document.summary, stream)}\n`,
    `evidence: ${directory}\n`,
  ].join('');
}

/** Without the verdict, which stands beside it. */
const shortened = ({ verdict, summary }: MatrixTrial): string =>
  summary.startsWith(verdict) ? summary.slice(verdict.length).replace(/^[:,]\s*/, '') : summary;

/** Shows a matrix's events on a screen: what is done as lines; a build and a trial, which go on at once, as the status. */
export function matrixProgressOn(screen: Screen): MatrixListener {
  const clock = clockFrom(Date.now());
  const now = { build: '', guests: '' };
  const status = (update: Partial<typeof now>): void => {
    Object.assign(now, update);
    screen.status(`${clock()}  ${[now.guests, now.build].filter(Boolean).join(' | ')}`);
  };
  return (event) => {
    const line = lineOf(event);
    if (line !== undefined) screen.line(`${clock()}  ${safeLine(line)}`);
    if (event.type === 'build') {
      const said = kernelWords(event.event, event.label);
      status({ build: safeLine(said.status ?? '') });
    } else if (event.type === 'trial' || event.type === 'base') {
      const said = words(event.event);
      if (said.status !== undefined) status({ guests: safeLine(`${nameOf(event)}: ${said.status}`) });
    } else if (event.type === 'finished') status({ guests: '' });
  };
}

function lineOf(event: MatrixEvent): string | undefined {
  switch (event.type) {
    case 'began': {
      const before = event.finished === 0 ? '' : `, ${event.finished} of them finished earlier`;
      return `${event.trials} trial${event.trials === 1 ? '' : 's'}${before}; evidence goes to ${event.directory}`;
    }
    case 'notice':
      return event.message;
    case 'build':
      return event.event.type === 'reused' ? undefined : kernelWords(event.event, event.label).line;
    case 'finished': {
      const { id, verdict } = event.trial;
      return `${event.done} of ${event.trials}  ${id}  ${verdict}${between(shortened(event.trial))}`;
    }
    case 'base':
    case 'trial':
      return event.event.type === 'report' ? `${nameOf(event)}: ${words(event.event).line}` : undefined;
  }
}

const between = (text: string): string => (text === '' ? '' : `: ${text}`);
const nameOf = (event: Extract<MatrixEvent, { type: 'base' | 'trial' }>): string =>
  event.type === 'base' ? event.label : event.id;

/** What a plan comes to, before anything is done. */
export function renderPreview({ trials, builds, bases, seconds, unknown }: Preview): string {
  const shared = builds.filter((build) => build.trials > 1);
  return [
    table(
      ['trial', 'earlier trials took'],
      trials.map((each) => [each.trial.id, history(each)]),
    ),
    `\n${count(trials.length, 'trial')}, ${count(builds.length, 'kernel')} (${shared.length} shared by several trials), `,
    `${count(bases.length, 'run')} of base.\n`,
    ...shared.map((build) => `  ${build.label}: ${count(build.trials, 'trial')}\n`),
    trials.length === unknown
      ? 'No history, so no estimate.\n'
      : `About ${duration(seconds)}${unknown === 0 ? '' : `, and ${count(unknown, 'trial')} without history`}.\n`,
  ].join('');
}

const history = ({ seconds, runs, sameCandidate }: TrialEstimate): string =>
  seconds === undefined
    ? 'no history'
    : `${duration(seconds)} (median of ${runs}${sameCandidate ? '' : ', other candidates'})`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
