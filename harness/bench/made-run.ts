import { type LoadedRun, type LoadedTrial, trialId } from '../load-run.ts';
import type { PastRun } from '../output/page/document.ts';
import type { History } from '../output/page/history.ts';
import { generator } from '../statistics/bootstrap.ts';
import type { Observation, Status } from '../status.ts';
import type { Behaviour, LockOrder, Measurement, TestComparison, TestSide, Verdict } from '../verdict.ts';
import { circularText, comparisonOf } from './made-report.ts';

/** How large a run is made. */
export interface MadeShape {
  readonly candidates: number;
  readonly trees: number;
  readonly profiles: number;
  readonly tests: number;
  readonly repetitions: number;
  /** Earlier runs that the history knows. */
  readonly history: number;
}

/** 10,000 cells in 100 trials. */
export const largeShape: MadeShape = {
  ...{ candidates: 10, trees: 5, profiles: 2, tests: 100, repetitions: 3, history: 30 },
};

type Random = () => number;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** A matrix that nobody ran, as various as real ones are: for measuring and testing what shows it. */
export function madeRun(shape: MadeShape): LoadedRun {
  const random = generator(1);
  const suite = 'fixed-buffers';
  const trials = range(shape.candidates).flatMap((candidate) =>
    range(shape.trees).flatMap((tree) =>
      range(shape.profiles).map((profile): LoadedTrial => {
        const about = {
          candidate: `design-${candidate + 1}-of-many`,
          tree: `debian:${['5.10', '6.1', '6.12', '7.1', '7.2'][tree] ?? `8.${tree}`}`,
          profile: ['lockdep', 'kasan', 'kcsan'][profile] ?? `profile-${profile}`,
          suite,
        };
        return {
          id: trialId(about),
          ...about,
          directory: '/nowhere',
          verdict: madeVerdict(about, shape, random),
        };
      }),
    ),
  );
  const rejected = trials.filter(({ verdict }) => verdict?.verdict === 'rejected').length;
  const summary = `${trials.length} trials: ${rejected} rejected, ${trials.length - rejected} accepted`;
  return { kind: 'matrix', name: 'made', summary, directory: '/nowhere', trials };
}

function madeVerdict(
  about: Pick<LoadedTrial, 'candidate' | 'tree' | 'profile' | 'suite'>,
  { tests, repetitions }: MadeShape,
  random: Random,
): Verdict {
  const compared = range(tests).map((number) => madeTest(number, repetitions, random));
  const regressions = compared.filter(({ change }) => change === 'regression');
  const reject = regressions.map(({ name }) => ({
    ...{ weight: 'reject' as const, subject: name },
    text: `${name} fails with the patch and passes without it`,
  }));
  return {
    schema: 'ringtrial.verdict/1',
    verdict: reject.length > 0 ? 'rejected' : 'accepted',
    summary: reject[0] ? `rejected: ${reject[0].text}` : 'accepted',
    reasons: reject,
    candidate: {
      name: about.candidate,
      title: `Design ${about.candidate}`,
      patches: [{ name: '0001.patch', sha256: '' }],
    },
    tree: { spec: about.tree, id: about.tree.replace(':', '-'), version: '6.1.192', hash: hex(random, 64) },
    ...{
      profile: about.profile,
      suite: about.suite,
      accelerator: { name: 'tcg', why: 'KVM does not work here' },
    },
    ...{ repetitions, strict: false },
    kernels: Object.fromEntries(
      ['base', 'candidate'].map((side) => [
        side,
        { hash: hex(random, 40), version: '6.1.192', vmlinux: `/kernels/${hex(random, 40)}`, reused: true },
      ]),
    ),
    tests: compared,
    behaviours: madeBehaviours(compared),
    measurements: compared
      .filter((_, number) => number % 10 === 3)
      .map(({ name }) => madeMeasurement(name, random)),
    reports: madeReports(compared, random),
    lockOrders: range(8).map(() => madeOrder(random)),
    ...{ directory: '/nowhere', startedAt: '2026-11-28T02:00:00.000Z', seconds: 300 + random() * 300 },
  };
}

const hex = (random: Random, length: number): string =>
  range(length)
    .map(() => Math.floor(random() * 16).toString(16))
    .join('');

const areas = [
  'thread-steps',
  'slot-updates',
  'buffer-tags',
  'quiesce-meanwhile',
  'ring-close',
  'cancel-races',
];
const steps = ['issued-read', 'queued-write', 'at-once', 'linked', 'under-load', 'after-fork', 'polled'];

function madeTest(number: number, repetitions: number, random: Random): TestComparison {
  const name = `${areas[number % areas.length]}-${Math.floor(number / 42)}.${steps[Math.floor(number / 6) % steps.length]}`;
  const chance = random();
  const [before, after, change]: readonly [Status, Status, TestComparison['change']] =
    chance < 0.006
      ? ['PASS', 'FAIL', 'regression']
      : chance < 0.01
        ? ['PASS', 'MISS', 'not observed']
        : chance < 0.02
          ? ['FAIL', 'FAIL', 'fails on both']
          : chance < 0.06
            ? ['SKIP', 'SKIP', 'same']
            : ['PASS', 'PASS', 'same'];
  return {
    name,
    base: madeSide(before, repetitions, random),
    candidate: madeSide(after, repetitions, random),
    change,
  };
}

function madeSide(status: Status, runs: number, random: Random): TestSide {
  const observations = range(runs).map((): Observation[] => [
    { key: 'result', value: pick(random, ['full', 'full', 'full', 'full', '-14']) },
    { key: 'memory', value: pick(random, ['old', 'old', 'old', 'none']) },
    { key: 'unregister_ms', value: (20 + random() * 400).toFixed(4), unit: 'ms' },
    { key: 'reads', value: String(Math.floor(random() * 1e5)), unit: 'per-s' },
  ]);
  return {
    ...{ status, own: status, runs, validated: runs, counts: { [status]: runs } },
    ...(status === 'FAIL' ? { reason: 'expected the request to complete once, saw two completions' } : {}),
    lockdepUse: { table: 'lock-classes', used: random() / 4 },
    observations,
    diagnostics: [
      `seed ${Math.floor(random() * 2 ** 32)}`,
      `took ${Math.floor(random() * 900)} ms (CPU: user ${Math.floor(random() * 90)} ms, system 42 ms) for --rounds 4`,
    ],
  };
}

const madeBehaviours = (tests: readonly TestComparison[]): Behaviour[] =>
  tests
    .filter((_, number) => number % 17 === 0)
    .map(({ name }) => ({ test: name, key: 'result', base: ['full'], candidate: ['-14'] }));

const locks = [
  '&ctx->uring_lock',
  '&ctx->buf_table_lock',
  '&pipe->mutex',
  '&mm->mmap_lock',
  '&sqd->lock',
  '&node->lock',
  '&rq->__lock',
];

function madeReports(tests: readonly TestComparison[], random: Random): Verdict['reports'] {
  const failed = tests.filter(({ candidate }) => candidate.status === 'FAIL').slice(0, 2);
  const all = failed.map(({ name }) => {
    const held = pick(random, locks);
    const wanted = pick(
      random,
      locks.filter((lock) => lock !== held),
    );
    return comparisonOf(circularText(held, wanted, 'iou-wrk-43/45'), {
      programs: [name.slice(0, name.lastIndexOf('.'))],
    });
  });
  return [...new Map(all.map((report) => [report.signature, report])).values()];
}

/** Latencies of 2,000 requests, a hundred of which are kept. */
function madeMeasurement(test: string, random: Random): Measurement {
  const side = (scale: number): Measurement['base'] => {
    const samples = range(100)
      .map(() => Math.round(scale * Math.exp(random() * 3)))
      .toSorted((a, b) => a - b);
    const [min, p5, p25, p50, p75, p95, p99, max] = [0, 5, 25, 50, 75, 95, 98, 99].map(
      (at) => samples[at] ?? 0,
    ) as [number, number, number, number, number, number, number, number];
    return { runs: 4, count: 2000, quantiles: { min, p5, p25, p50, p75, p95, p99, max }, samples };
  };
  const [base, candidate] = [side(20_000), side(random() < 0.1 ? 60_000 : 20_000)];
  const [was, is] = [base.quantiles.p50, candidate.quantiles.p50];
  return {
    ...{ test, name: 'read_latency', unit: 'ns', kind: 'samples', base, candidate },
    median: {
      base: was,
      candidate: is,
      difference: is - was,
      differenceInterval: [0.9 * (is - was), 1.1 * (is - was)],
      ratio: is / was,
      ratioInterval: [(0.9 * is) / was, (1.1 * is) / was],
    },
    differs: is > 2 * was,
  };
}

const madeOrder = (random: Random): LockOrder => ({
  from: pick(random, locks),
  to: `&lock_${Math.floor(random() * 50)}`,
  meaning: pick(random, ['opposite', 'new', 'implied', 'everyday', 'everyday']),
  path: ['&a', '&b'],
  newClasses: [],
  ambiguous: false,
  programs: [pick(random, areas)],
  runs: 1,
  ofPatch: false,
});

/** Earlier runs of a made run: most tests always pass, one in twenty is flaky. */
export function madeHistory({ history }: MadeShape): History {
  const past = (name: string, statuses: readonly [PastRun['status'], PastRun['status']]): PastRun[] => {
    const random = generator(
      Array.from(name).reduce((sum, char) => (Math.imul(sum, 31) + (char.codePointAt(0) ?? 0)) | 0, 7),
    );
    const isFlaky = random() < 0.05;
    return range(history).map((day) => ({
      run: `nightly-${day + 1}`,
      date: new Date(Date.UTC(2026, 9, day + 1, 2)).toISOString(),
      status: statuses[isFlaky && random() < 0.2 ? 1 : 0],
    }));
  };
  return {
    test: (trial, name) => past(trial.id + name, ['PASS', 'FAIL']),
    signature: (trial, signature) => past(trial.id + signature, ['not seen', 'seen']),
  };
}
