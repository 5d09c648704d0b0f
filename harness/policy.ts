import { inRange } from './policy-range.ts';
import type { KnownEntry, MeasurementEntry, ObservationEntry, Policy, PolicyEntry } from './policy-schema.ts';
import type { Observation, PointResult, PolicyNote } from './status.ts';

/**
 * Holds what was observed against a suite's policy. Pure.
 *
 * A pass (or a skip) that breaks an entry becomes a failure. A failure all of whose messages an entry knows
 * stays a failure, marked as known; one with any other message, or whose observations break an entry, is not.
 *
 * @param kernel the base's version, for base and candidate alike
 */
export function applyPolicy(policy: Policy, kernel: string, points: readonly PointResult[]): PointResult[] {
  const entries = policy.entries.filter((entry) => inRange(entry.kernels, kernel));
  return points.map((point) =>
    judged(
      point,
      entries.filter((entry) => entry.tests.some((pattern) => matches(pattern, point.name))),
    ),
  );
}

/** Entries that are about no test of a suite, whatever the kernel: a typing error would silence them. */
export const entriesWithoutTest = (policy: Policy, names: readonly string[]): string[] =>
  policy.entries
    .filter((entry) => !entry.tests.every((pattern) => names.some((name) => matches(pattern, name))))
    .map((entry) => entry.id);

const matches = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
  ).test(name);

function judged(point: PointResult, entries: readonly PolicyEntry[]): PointResult {
  const broken = entries.flatMap((entry) => breach(entry, point));
  if (broken.some((one) => one.effect === 'failed')) return failed(point, broken);
  if (point.own === 'FAIL') {
    const known = knownBy(point, entries.filter(isKnown));
    return known.length === 0 ? point : asKnown(point, [...known, ...broken]);
  }
  // A point that was not observed may have failed in another way, too.
  if (point.own === 'PASS' && broken.length > 0) return asKnown(point, broken);
  // Where the point failed or was not observed, what it did not print says nothing about the policy.
  const unseen = point.own === 'PASS' ? entries.flatMap((entry) => unprinted(entry, point)) : [];
  return unseen.length === 0 ? point : asBroken(point, unseen);
}

const isMeasured = (entry: PolicyEntry): entry is MeasurementEntry => 'measurement' in entry;

/** What a policy says of how much slower each test may become on a kernel. */
export function measurementRules(policy: Policy, kernel: string): (test: string) => MeasurementEntry[] {
  const entries = policy.entries.filter(isMeasured).filter((entry) => inRange(entry.kernels, kernel));
  return (test) => entries.filter((entry) => entry.tests.some((pattern) => matches(pattern, test)));
}

const isKnown = (entry: PolicyEntry): entry is KnownEntry => 'known' in entry;

/** What is forbidden and was seen. An observation is a fact even of a point that ended badly. */
function breach(entry: PolicyEntry, point: PointResult): PolicyNote[] {
  if ('mustRun' in entry) {
    if (point.own !== 'SKIP') return [];
    return [
      note(
        entry,
        'failed',
        `skipped (${point.reason ?? 'no reason given'}), and this kernel has what it needs`,
      ),
    ];
  }
  if (isKnown(entry) || isMeasured(entry)) return [];
  return seen(entry, point)
    .flatMap((observation) => complaint(entry, observation))
    .map((text) => note(entry, entry.knownFailure ? 'known' : 'failed', text));
}

const seen = (entry: ObservationEntry, point: PointResult): Observation[] =>
  point.observations.filter((observation) => observation.key === entry.observation);

function complaint(entry: ObservationEntry, { key, value, unit }: Observation): string[] {
  const shown = `${key}=${value}${unit === undefined ? '' : ` ${unit}`}`;
  const parts = value.split('|');
  const { oneOf, noneOf, atMost = Infinity, atLeast = -Infinity } = entry;
  if (oneOf && !parts.every((part) => oneOf.includes(part))) return [`${shown} is not ${oneOf.join(' or ')}`];
  if (noneOf && parts.some((part) => noneOf.includes(part))) return [`${shown} is forbidden`];
  if (entry.atMost === undefined && entry.atLeast === undefined) return [];
  const number = Number(value);
  if (Number.isNaN(number)) return [`${shown} is no number`];
  if (number > atMost) return [`${shown} is more than ${atMost}`];
  return number < atLeast ? [`${shown} is less than ${atLeast}`] : [];
}

function unprinted(entry: PolicyEntry, point: PointResult): PolicyNote[] {
  if (!('observation' in entry) || entry.optional || seen(entry, point).length > 0) return [];
  return [note(entry, 'broken', `the test did not print ${entry.observation}, which the policy is about`)];
}

/** The entries that know the point's failures; none when a failure is left that nobody knows. */
function knownBy(point: PointResult, entries: readonly KnownEntry[]): PolicyNote[] {
  const used = new Set<KnownEntry>();
  for (const failure of failuresOf(point)) {
    const entry = entries.find((one) => new RegExp(one.known).test(failure));
    if (entry === undefined) return [];
    used.add(entry);
  }
  return [...used].map((entry) => ({
    ...note(entry, 'known', 'known of this kernel'),
    ...(entry.sometimes ? { sometimes: true } : {}),
  }));
}

/**
 * Each failure of a point by itself, `expected …; saw …`, and its reason where that says something else. The
 * library shows the first failures only: then the line that counts the rest stands for what nobody saw.
 */
function failuresOf(point: PointResult): string[] {
  const failures: string[] = [];
  for (const line of point.diagnostics) {
    if (/^(expected|\d+ failures in all)\b/.test(line)) failures.push(line);
    else if (/^saw\b/.test(line)) failures.push(`${failures.pop() ?? ''}; ${line}`);
  }
  const reason = point.reason ?? 'failed';
  const isOfPairs = failures.length > 0 && /^(expected|saw)\b/.test(reason);
  return isOfPairs ? failures : [...failures, reason];
}

const note = (entry: PolicyEntry, effect: PolicyNote['effect'], what: string): PolicyNote => ({
  entry: entry.id,
  effect,
  text: `${what}: ${entry.reason}`,
  source: entry.source,
});

const words = (notes: readonly PolicyNote[]): string =>
  notes.map((one) => `policy ${one.entry}: ${one.text}`).join('; ');

/** A failure of the test itself, so that base and candidate are compared by it. */
const failed = (point: PointResult, notes: readonly PolicyNote[]): PointResult => ({
  ...point,
  status: 'FAIL',
  own: 'FAIL',
  reason: [...(point.own === 'FAIL' && point.reason !== undefined ? [point.reason] : []), words(notes)].join(
    '; ',
  ),
  policy: notes,
});

const asKnown = (point: PointResult, notes: readonly PolicyNote[]): PointResult => ({
  ...point,
  status: 'FAIL',
  own: 'FAIL',
  reason: `known failure of this kernel (${notes.map((one) => one.entry).join(', ')}): ${point.reason ?? notes.map((one) => one.text).join('; ')}`,
  policy: notes,
});

/** A report of the kernel that the point met stays the more telling. */
const asBroken = (point: PointResult, notes: readonly PolicyNote[]): PointResult =>
  point.status === 'FAIL'
    ? { ...point, own: 'ERROR', policy: notes }
    : { ...point, status: 'ERROR', own: 'ERROR', reason: words(notes), policy: notes };
