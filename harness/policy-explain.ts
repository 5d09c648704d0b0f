import { inRange } from './policy-range.ts';
import type { ObservationEntry, Policy, PolicyEntry } from './policy-schema.ts';
import { sideBySide, wrap } from './suite/columns.ts';

/** The entries of a policy that speak for a kernel; all of them where none is named. */
export const entriesFor = (policy: Policy, kernel: string | undefined): PolicyEntry[] =>
  policy.entries.filter((entry) => kernel === undefined || inRange(entry.kernels, kernel));

/** What an entry asks for, in one clause. */
export function ruleOf(entry: PolicyEntry): string {
  if ('mustRun' in entry) return 'must not be skipped';
  if ('known' in entry)
    return `known to fail${entry.sometimes ? ', sometimes' : ''}, with words like /${entry.known}/`;
  if ('measurement' in entry)
    return `${entry.measurement} takes at most ${entry.ratioAtMost} times as long as without the patch`;
  const rule = `${entry.observation} ${[...conditions(entry)].join(' and ')}`;
  return entry.knownFailure ? `known not to keep: ${rule}` : rule;
}

function* conditions({ oneOf, noneOf, atMost, atLeast }: ObservationEntry): Generator<string> {
  if (oneOf) yield `is ${oneOf.join(' or ')}`;
  if (noneOf) yield `is not ${noneOf.join(' or ')}`;
  if (atLeast !== undefined) yield `is at least ${atLeast}`;
  if (atMost !== undefined) yield `is at most ${atMost}`;
}

const label = 9;

/** A block of lines for each entry, no wider than `width`. */
export function explainPolicy(entries: readonly PolicyEntry[], width: number): string {
  const room = width - label - 2;
  const line = (name: string, text: string): string[] =>
    sideBySide([[`  ${name}`], wrap(text, room)], [label, room]);
  const blocks = entries.map((entry) => [
    `${entry.id}: ${ruleOf(entry)}`,
    ...line('kernels', entry.kernels),
    ...line('tests', entry.tests.join(', ')),
    ...line('because', entry.reason),
    ...line('source', entry.source),
  ]);
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}
