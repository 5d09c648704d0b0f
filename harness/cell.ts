import type { ExecOutcome } from '../vm/ssh/connection.ts';
import type { VitalSign } from './dossier.ts';
import type { Ktap, KtapPoint } from './ktap.ts';
import { fullestTable, type LockdepState } from './liveness.ts';
import type { Blind, PointResult, Status } from './status.ts';
import { fullName } from './suite/program.ts';
import type { Program } from './suite.ts';

/** All that was observed of one run of one program, before anybody judges it. */
export interface CellEvidence {
  readonly program: Program;
  readonly repetition: number;
  readonly outcome: ExecOutcome;
  readonly ktap: Ktap;
  /** Signature and title of each kernel report printed meanwhile. */
  readonly reports: readonly { readonly signature: string; readonly title: string }[];
  /** The kernel panicked meanwhile, with its first line. */
  readonly panic?: string;
  /** How the guest came to its end meanwhile, if it did. */
  readonly gone?: string;
  /** What could still be had from the guest when the program did not end. */
  readonly sign?: VitalSign;
  /** What lockdep said of itself afterwards. */
  readonly lockdep: LockdepState | undefined;
  /** Why a pass cannot be believed: lockdep was off, the console silent or incomplete. */
  readonly blind?: Blind;
}

/**
 * Turns evidence into one result for each test point that the program promised with `--list`.
 * Nothing that could not be observed becomes a PASS.
 */
export function judgeCell(evidence: CellEvidence): PointResult[] {
  const seen = new Map(evidence.ktap.points.map((point) => [point.name, point]));
  const use = evidence.lockdep && fullestTable(evidence.lockdep);
  const firstUnseen = evidence.program.points.find((name) => !seen.has(name));
  return evidence.program.points.map((name) => {
    const point = seen.get(name);
    const own = point ? believed(point, evidence) : unseen(name === firstUnseen, evidence);
    return {
      name: fullName(evidence.program, name),
      program: evidence.program.name,
      repetition: evidence.repetition,
      ...(point ? withReports(own, evidence) : own),
      own: own.status,
      ...(evidence.blind ? { blind: evidence.blind } : {}),
      ...(use ? { lockdepUse: use } : {}),
      ...(point?.samples ? { samples: point.samples } : {}),
      observations: point?.observations ?? (name === firstUnseen ? evidence.ktap.trailingObservations : []),
      diagnostics: point?.diagnostics ?? (name === firstUnseen ? evidence.ktap.trailing : []),
      reports: evidence.reports.map((report) => report.signature),
    };
  });
}

interface Judged {
  readonly status: Status;
  readonly reason?: string;
}

/** What a point that was reported is worth, given how the program and the guest ended. */
function believed(point: KtapPoint, evidence: CellEvidence): Judged {
  const said: Judged =
    point.reason === undefined ? { status: point.status } : { status: point.status, reason: point.reason };
  if (point.status === 'FAIL') return { status: 'FAIL', reason: point.reason ?? failureText(point) };
  if (point.status !== 'PASS') return said;
  const problem = evidence.ktap.problems[0];
  if (problem !== undefined)
    return { status: 'ERROR', reason: `the program's output contradicts itself: ${problem}` };
  if (evidence.blind) return { status: 'MISS', reason: blindText(evidence.blind) };
  return believedAfter(evidence.outcome, evidence) ?? said;
}

/** Whether the way the program ended takes back a pass that it reported. */
function believedAfter(outcome: ExecOutcome, evidence: CellEvidence): Judged | undefined {
  const failed = evidence.ktap.points.some((point) => point.status === 'FAIL' || point.status === 'ERROR');
  switch (outcome.type) {
    case 'lost':
      return { status: 'MISS', reason: `no exit status: ${outcome.reason}` };
    case 'exited':
      if ((outcome.code !== 0) === failed || evidence.ktap.points.length < evidence.program.points.length)
        return undefined;
      return { status: 'ERROR', reason: `exit status ${outcome.code} contradicts the results` };
    // The points before the one in which the program hung or was killed stand.
    case 'deadline':
    case 'signalled':
      return undefined;
  }
}

/** A promised point without a result line: the first one was running when the program ended, the others never began. */
function unseen(first: boolean, evidence: CellEvidence): Judged {
  if (!first) return { status: 'MISS', reason: 'not reached' };
  if (evidence.panic !== undefined) return { status: 'FAIL', reason: evidence.panic };
  const { outcome, ktap, program } = evidence;
  switch (outcome.type) {
    case 'deadline':
      if (evidence.sign === 'qemu-silent') return { status: 'MISS', reason: 'QEMU itself stood still' };
      if (evidence.gone !== undefined)
        return { status: 'MISS', reason: `the guest was lost: ${evidence.gone}` };
      return { status: 'FAIL', reason: `hang: no result within ${program.deadlineSeconds} s` };
    case 'lost':
      return evidence.sign === 'frozen'
        ? { status: 'FAIL', reason: 'hang: the kernel answers nobody any more' }
        : { status: 'MISS', reason: `the guest was lost: ${evidence.gone ?? outcome.reason}` };
    case 'signalled':
      return { status: 'ERROR', reason: `the test program was killed by ${outcome.signal}` };
    case 'exited':
      return {
        status: 'ERROR',
        reason: ktap.present
          ? `the test program ended with status ${outcome.code} before this point`
          : `the test program printed no KTAP (exit status ${outcome.code})`,
      };
  }
}

/** A kernel that complains while a test runs is bad, whatever the test itself saw. */
function withReports(own: Judged, evidence: CellEvidence): Judged {
  const report = evidence.reports[0];
  if (!report || own.status === 'FAIL' || own.status === 'SKIP') return own;
  return { status: 'FAIL', reason: `kernel report: ${report.title}` };
}

const blindText = ({ since, because }: Blind): string =>
  since === undefined ? because : `${because} (since ${since.toFixed(3)} s of the guest's clock)`;

const failureText = (point: KtapPoint): string =>
  point.diagnostics.filter((line) => /^(expected|saw)\b/.test(line)).join('; ') || 'failed';
