import type { KernelReport, LockEdge } from '../klog/index.ts';
import { className } from '../klog/lockdep/lock.ts';
import type { CodeChanges } from './changes.ts';
import type { Orders } from './dependencies.ts';
import { type Evidence, edgeEvidence, held, kinship, traceEvidence } from './evidence.ts';

/**
 * How a report stands to a candidate. `introduced`: it comes from code that the candidate changes.
 * `exposed`: the candidate only brings to light what lies in other code. `pre-existing`: base shows
 * it as well. `unrelated`: nothing connects them.
 */
export type Cause = 'introduced' | 'exposed' | 'pre-existing' | 'unrelated';

export interface Attribution {
  readonly cause: Cause;
  /** 0 (no connection) to 1: how strongly the report points at the candidate's changes, whatever base shows. */
  readonly score: number;
  /** One sentence. */
  readonly reason: string;
  /** Strongest first. */
  readonly evidence: Evidence[];
}

export interface Suspect {
  readonly changes: CodeChanges;
  /** Reports of base under the same tests; undefined: unknown, which is not the same as none. */
  readonly base?: readonly Pick<KernelReport, 'signature'>[] | undefined;
  /** The lock orders that base recorded under the same tests (/proc/lockdep). */
  readonly orders?: Orders | undefined;
}

/** At this score a report is held to come from the changed code, and at this one to be connected with it. */
const INTRODUCED = 0.6;
const CONNECTED = 0.25;

/** Says whether a report comes from a candidate, and why. */
export function attribute(report: KernelReport, suspect: Suspect): Attribution {
  const evidence = strongest(gather(report, suspect));
  const score = combined(evidence);
  const rated = { score, evidence };
  const first = evidence[0]?.text;
  if (suspect.base?.some(({ signature }) => signature === report.signature) === true)
    return { cause: 'pre-existing', ...rated, reason: 'Base shows the same report under the same tests.' };
  if (everyOrderKnown(report, suspect.orders))
    return {
      cause: score >= CONNECTED ? 'exposed' : 'pre-existing',
      ...rated,
      reason:
        'Base takes these locks in the same orders: the danger is there without the patch, even if base never complained.',
    };
  if (score >= INTRODUCED && first !== undefined) return { cause: 'introduced', ...rated, reason: first };
  if (score >= CONNECTED && first !== undefined)
    return { cause: 'exposed', ...rated, reason: `${first} ${seenOnBase(suspect)}` };
  return { cause: 'unrelated', ...rated, reason: remote(report, suspect) };
}

const seenOnBase = ({ base }: Suspect): string =>
  base === undefined
    ? 'No log of base was given: it may be older than the patch.'
    : 'Base did not show it in these runs.';

/**
 * The same for the reports of one log, to be asked in their order. One that follows an introduced
 * report and has no connection of its own is held to be a consequence of it.
 */
export function attributor(suspect: Suspect): (report: KernelReport) => Attribution {
  let culprit: KernelReport | undefined;
  return (report) => {
    const own = attribute(report, suspect);
    if (own.cause === 'introduced') culprit ??= report;
    if (culprit === undefined || culprit === report || own.cause !== 'unrelated' || report.secondary !== true)
      return own;
    const reason = `It follows "${culprit.title}", which the patch introduced, and is probably a consequence of it.`;
    return { ...own, cause: 'exposed', reason };
  };
}

function gather(report: KernelReport, suspect: Suspect): Evidence[] {
  const edges = report.lockdep?.edges ?? [];
  const direct = [
    ...edges.flatMap((edge) => edgeEvidence(edge, suspect.changes)),
    ...edges.flatMap((edge) => orderEvidence(edge, suspect.orders)),
    ...held(report, suspect.changes),
    // lockdep's own stack is that of the new edge.
    ...(edges.length > 0 ? [] : traceEvidence(report, suspect.changes)),
  ];
  return direct.length > 0 ? direct : kinship(report, suspect.changes);
}

/** Of several signs about one thing, which are not independent, the strongest; the strongest of all first. */
function strongest(evidence: readonly Evidence[]): Evidence[] {
  const sorted = evidence.toSorted((a, b) => b.weight - a.weight);
  return sorted.filter(({ about }, index) => sorted.findIndex((other) => other.about === about) === index);
}

/** Independent signs add up as probabilities do. */
const combined = (evidence: readonly Evidence[]): number =>
  Math.round((1 - evidence.reduce((doubt, { weight }) => doubt * (1 - weight), 1)) * 100) / 100;

function orderEvidence(edge: LockEdge, orders: Orders | undefined): Evidence[] {
  if (
    orders === undefined ||
    edge.how === 'interrupt' ||
    orders.has(className(edge.from), className(edge.to))
  )
    return [];
  const [from, to] = [className(edge.from), className(edge.to)];
  return [
    {
      weight: 0.5,
      about: 'orders',
      text: `Base never took ${to} while it held ${from} under the same tests.`,
    },
  ];
}

function everyOrderKnown(report: KernelReport, orders: Orders | undefined): boolean {
  const edges = report.lockdep?.edges.filter(({ how }) => how !== 'interrupt') ?? [];
  return (
    orders !== undefined &&
    edges.length > 0 &&
    edges.every(({ from, to }) => orders.has(className(from), className(to)))
  );
}

function remote(report: KernelReport, { base, changes }: Suspect): string {
  if (report.traces.every(({ frames }) => frames.length === 0))
    return 'The report names no function, so nothing connects it with the patch.';
  const where =
    changes.functions.length === 0
      ? 'The patch changes no function'
      : 'None of its stacks and locks touches what the patch changes';
  if (base === undefined) return `${where}; no log of base was given to compare with.`;
  return `${where}; base did not show it in these runs, which may be chance.`;
}
