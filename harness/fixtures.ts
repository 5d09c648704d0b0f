import { type Judgement, type JudgeOptions, judge, type Observed } from './judge.ts';
import type { KernelReport } from './klog/index.ts';
import type { FoundReport, PointResult, Status } from './status.ts';
import { changesOfDiffs } from './triage/changes.ts';
import type { TestSide, Verdict } from './verdict.ts';

/** For tests: a point `PROGRAM.x` of one repetition, and what is said about it besides. */
export const aPoint = (program: string, status: Status, more: Partial<PointResult> = {}): PointResult => ({
  name: `${program}.x`,
  program,
  repetition: 1,
  status,
  own: status,
  observations: [],
  diagnostics: [],
  reports: [],
  ...more,
});

/** For tests: a kernel report with a signature and nothing else, seen while a program ran. */
export const aReport = (signature: string, program = 'p', more: Partial<KernelReport> = {}): FoundReport => ({
  report: {
    signature,
    kind: 'lockdep.circular',
    title: signature,
    severity: 'bug',
    ...{ start: 0, lead: 0, end: 1, text: '', traces: [] },
    ...more,
  },
  program,
  repetition: 1,
  ...{ console: 'c', start: 0, end: 1 },
});

/** For tests: what one kernel did, where only some of it matters. */
export const observed = (points: readonly PointResult[], more: Partial<Observed> = {}): Observed => ({
  points,
  reports: [],
  orders: [],
  ...more,
});

/** For tests: `judge`, of a patch that changes no code. */
export const judged = (base: Observed, candidate: Observed, options: Partial<JudgeOptions> = {}): Judgement =>
  judge(base, candidate, { strict: false, changes: changesOfDiffs([]), ...options });

/** For tests: what one kernel did under one test, once. */
export const aSide = (status: Status, more: Partial<TestSide> = {}): TestSide => ({
  status,
  own: status,
  runs: 1,
  validated: 1,
  counts: { [status]: 1 },
  observations: [],
  diagnostics: [],
  ...more,
});

/** For tests: an accepted verdict without a test in it, and what is said about it besides. */
export const aVerdict = (more: Partial<Verdict> = {}): Verdict => ({
  schema: 'ringtrial.verdict/1',
  verdict: 'accepted',
  summary: 'accepted',
  reasons: [],
  candidate: { name: 'mine', title: 'Mine', patches: [] },
  tree: { spec: 'debian:6.1', id: 'debian-6.1.1', version: '6.1.1', hash: 'x' },
  profile: 'lockdep',
  suite: 'fixed-buffers',
  accelerator: { name: 'tcg', why: 'no KVM' },
  repetitions: 1,
  strict: false,
  kernels: {},
  tests: [],
  behaviours: [],
  reports: [],
  lockOrders: [],
  directory: '/elsewhere',
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 1,
  ...more,
});
