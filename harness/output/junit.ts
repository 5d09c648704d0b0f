import type { LoadedTrial } from '../load-run.ts';
import { clipped } from './clip.ts';
import { type Outcome, type OutcomeGroup, outcomesOf } from './outcome.ts';
import type { Output } from './report.ts';

/**
 * JUnit XML as Jenkins, GitLab and GitHub actions read it: a suite for each trial, a class for each test
 * program. FAIL is a failure; ERROR and MISS are errors; SKIP and failures known from base are skipped.
 */
export const junitOutput: Output = {
  render(run) {
    const suites = run.trials.map(suiteOf);
    const all = suites.flatMap(({ cases }) => cases);
    const seconds = run.trials.reduce((sum, { verdict }) => sum + (verdict?.seconds ?? 0), 0);
    const head = { name: `ringtrial ${run.name}`, ...counts(all), time: seconds.toFixed(3) };
    return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', head, suites.map(({ xml }) => xml).join(''))}`;
  },
};

interface Case {
  readonly kind: 'failure' | 'error' | 'skipped' | undefined;
  readonly xml: string;
}

function suiteOf(
  trial: LoadedTrial,
  index: number,
): { readonly cases: readonly Case[]; readonly xml: string } {
  const cases = outcomesOf(trial).flatMap(casesOf);
  const { verdict } = trial;
  const attributes = {
    id: String(index),
    name: trial.id,
    ...counts(cases),
    time: (verdict?.seconds ?? 0).toFixed(3),
    // The schema of Apache Ant's task, which others copied, knows no zone.
    ...(verdict ? { timestamp: verdict.startedAt.slice(0, 19) } : {}),
  };
  const facts = {
    candidate: trial.candidate,
    tree: verdict?.tree.id ?? trial.tree,
    profile: trial.profile,
    suite: trial.suite,
    ...(verdict
      ? {
          accelerator: verdict.accelerator.name,
          verdict: verdict.verdict,
          summary: clipped([verdict.summary], 2_000),
        }
      : {}),
    directory: trial.directory,
  };
  const properties = Object.entries(facts).map(([name, value]) => element('property', { name, value }));
  const body = element('properties', {}, properties.join('')) + cases.map(({ xml }) => xml).join('');
  return { cases, xml: element('testsuite', attributes, body) };
}

const casesOf = ({ name, outcomes }: OutcomeGroup): Case[] =>
  outcomes.map((outcome) => caseOf(name, outcome));

function caseOf(classname: string, outcome: Outcome): Case {
  const kind = kinds[outcome.status];
  const attributes = { classname, name: outcome.name };
  const text = contentText(clipped(outcome.details));
  const message = clipped([outcome.message ?? outcome.status], 1000);
  const said = {
    failure: () => element('failure', { message, type: outcome.status }, text),
    error: () => element('error', { message, type: outcome.status }, text),
    skipped: () => element('skipped', { message }),
  };
  const output = kind === 'failure' || kind === 'error' || text === '' ? '' : element('system-out', {}, text);
  return { kind, xml: element('testcase', attributes, (kind === undefined ? '' : said[kind]()) + output) };
}

const kinds = {
  FAIL: 'failure',
  ERROR: 'error',
  MISS: 'error',
  PASS: undefined,
  SKIP: 'skipped',
  KNOWN: 'skipped',
} as const;

function counts(cases: readonly Case[]): Record<'tests' | 'failures' | 'errors' | 'skipped', string> {
  const number = (kind: Case['kind']): string => String(cases.filter((one) => one.kind === kind).length);
  return {
    tests: String(cases.length),
    failures: number('failure'),
    errors: number('error'),
    skipped: number('skipped'),
  };
}

/** An element whose content is XML already. */
function element(name: string, attributes: Record<string, string>, content = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`);
  const open = `<${name}${list.join('')}`;
  return content === '' ? `${open}/>\n` : `${open}>${content}</${name}>\n`;
}

/** What XML 1.0 cannot hold even as a reference (section 2.2, Char): most control characters, U+FFFE, U+FFFF. */
const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const references: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  // Only needed in `]]>`.
  '>': '&gt;',
  '"': '&quot;',
  // A parser turns white space in attributes into spaces, and `\r` anywhere into `\n`.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const replaced = (text: string, characters: RegExp): string =>
  text
    .toWellFormed()
    .replaceAll(forbidden, '\u{fffd}')
    .replaceAll(characters, (char) => references[char] ?? '');

const attributeText = (text: string): string => replaced(text, /[&<>"\t\n\r]/g);
const contentText = (text: string): string => replaced(text, /[&<>\r]/g);
