import { createHash } from 'node:crypto';
import type { LoadedRun, LoadedTrial } from '../load-run.ts';
import { safe, safeLine } from '../triage/safe.ts';
import type { TestComparison, TestSide, Verdict } from '../verdict.ts';
import { clipped } from './clip.ts';
import { type Kcidb, kcidbSchema } from './kcidb-schema.ts';
import type { Output } from './report.ts';

const sides = ['base', 'candidate'] as const;
type Side = (typeof sides)[number];

/**
 * A submission for KCIDB: of each trial two checkouts and builds (with and without the patch), the tests of both,
 * their kernel reports as issues, and where these occurred as incidents. A trial without a verdict is one
 * MISS for the whole suite. Verdicts stand in `misc`: KCIDB knows no comparison of two kernels.
 */
export const kcidbOutput: Output = {
  render: (run, { origin }) => `${JSON.stringify(kcidbOf(run, origin), null, 2)}\n`,
};

/** @param origin KCIDB's name of the system that reports: lower-case letters, digits and `_` */
export function kcidbOf(run: LoadedRun, origin: string): Kcidb {
  const parts = run.trials.map((trial) => new TrialObjects(trial, origin));
  return kcidbSchema.parse({
    version: { major: 5, minor: 3 },
    checkouts: unique(parts.flatMap((part) => part.checkouts())),
    builds: unique(parts.flatMap((part) => part.builds())),
    tests: parts.flatMap((part) => part.tests()),
    issues: unique(parts.flatMap((part) => part.issues())),
    incidents: parts.flatMap((part) => part.incidents()),
  });
}

/** Trials share bases, kernels and reports. */
const unique = <T extends { readonly id: string }>(objects: readonly T[]): T[] => [
  ...new Map(objects.map((object) => [object.id, object])).values(),
];

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** KCIDB's: over the hashes of the patches, a line each; nothing when there are none. */
function patchsetHash(patches: Verdict['candidate']['patches']): string {
  if (patches.length === 0) return '';
  const lines = patches.map(({ sha256 }) => `${sha256}\n`).join('');
  return createHash('sha256').update(lines).digest('hex');
}

class TrialObjects {
  readonly #trial: LoadedTrial;
  readonly #origin: string;
  readonly #verdict: Verdict | undefined;

  constructor(trial: LoadedTrial, origin: string) {
    this.#trial = trial;
    this.#origin = origin;
    this.#verdict = trial.verdict;
  }

  checkouts(): Kcidb['checkouts'] {
    return this.#sides().map((side) => {
      const tree = this.#verdict?.tree;
      const { candidate } = this.#trial;
      return {
        id: this.#checkoutId(side),
        origin: this.#origin,
        tree_name: safeLine(tree?.spec ?? this.#trial.tree),
        ...(this.#verdict ? { patchset_hash: this.#patchset(side) } : {}),
        comment: safeLine(
          `${tree?.id ?? this.#trial.tree}${side === 'base' ? '' : ` with ${this.#verdict?.candidate.title ?? candidate}`}`,
        ),
        // Without a verdict nobody knows whether the patch applied.
        ...(this.#verdict ? { valid: true } : {}),
        ...(tree ? { misc: { tree_id: tree.id, tree_hash: tree.hash, version: tree.version } } : {}),
      };
    });
  }

  builds(): Kcidb['builds'] {
    return this.#sides().map((side) => {
      const kernel = this.#verdict?.kernels[side];
      const error = side === 'candidate' ? this.#verdict?.buildError : undefined;
      return {
        id: this.#buildId(side),
        origin: this.#origin,
        checkout_id: this.#checkoutId(side),
        architecture: 'x86_64',
        config_name: this.#trial.profile,
        status: error ? 'FAIL' : kernel ? 'PASS' : 'MISS',
        ...(error
          ? {
              log_excerpt: clipped([`${error.file ?? '?'}:${error.line ?? '?'}: ${error.message}`].map(safe)),
            }
          : {}),
        ...(kernel ? { misc: { kernel_hash: kernel.hash, version: kernel.version } } : {}),
      };
    });
  }

  tests(): Kcidb['tests'] {
    const verdict = this.#verdict;
    const whole = {
      id: this.#testId('candidate', ''),
      origin: this.#origin,
      build_id: this.#buildId('candidate'),
      path: this.#path(),
    };
    if (!verdict)
      return [{ ...whole, status: 'MISS', comment: safeLine(`no verdict: ${this.#trial.missing ?? ''}`) }];
    const { accelerator, startedAt, summary } = verdict;
    const environment = {
      comment: safeLine(`QEMU, ${accelerator.name}: ${accelerator.why}`),
      misc: { accelerator: accelerator.name },
    };
    const points = verdict.tests.flatMap((test) =>
      sides.map((side) => ({ ...this.#point(test, side), environment, start_time: startedAt })),
    );
    const misc = { verdict: verdict.verdict, behaviours: verdict.behaviours.length };
    const status = { accepted: 'PASS', rejected: 'FAIL', inconclusive: 'MISS' } as const;
    return [
      {
        ...whole,
        environment,
        start_time: startedAt,
        status: status[verdict.verdict],
        comment: safeLine(summary),
        misc,
      },
      ...points,
    ];
  }

  issues(): Kcidb['issues'] {
    return (this.#verdict?.reports ?? []).map((report) => ({
      id: this.#issueId(report.signature),
      origin: this.#origin,
      version: 1,
      report_subject: safeLine(report.title),
      culprit: { code: true, tool: false, harness: false },
      comment: clipped([report.explanation.map(safe).join(' ')]),
      misc: { kind: report.kind, signature: report.signature },
    }));
  }

  incidents(): Kcidb['incidents'] {
    const { reports = [], tests = [] } = this.#verdict ?? {};
    return reports.flatMap((report) =>
      sides
        .filter((side) => report[side] > 0)
        .flatMap((side) => {
          const incident = {
            origin: this.#origin,
            issue_id: this.#issueId(report.signature),
            issue_version: 1,
            build_id: this.#buildId(side),
            present: true,
            comment: `seen ${report[side]} times`,
          };
          const seenIn = tests
            .filter(({ name }) => report.programs.some((program) => name.startsWith(`${program}.`)))
            .filter((test) => test[side].status === 'FAIL')
            .map(({ name }) => this.#testId(side, name));
          const places = seenIn.length > 0 ? seenIn.map((test_id) => ({ test_id })) : [{}];
          return places.map((place, index) => ({
            id: `${this.#origin}:${digest(this.#testId(side, report.signature), String(index))}`,
            ...incident,
            ...place,
          }));
        }),
    );
  }

  #point(test: TestComparison, side: Side): Kcidb['tests'][number] {
    const { status, reason, runs, diagnostics, observations }: TestSide = test[side];
    const excerpt = clipped([...(reason === undefined ? [] : [reason]), ...diagnostics].map(safe));
    return {
      id: this.#testId(side, test.name),
      origin: this.#origin,
      build_id: this.#buildId(side),
      path: this.#path(test.name),
      status,
      ...(reason === undefined ? {} : { comment: clipped([safeLine(reason)], 1000) }),
      ...(excerpt === '' ? {} : { log_excerpt: excerpt }),
      misc: {
        runs,
        ...(side === 'candidate' ? { change: test.change } : {}),
        observations: observations.map((run) =>
          run.map(({ key, value, unit }) =>
            safeLine(`${key}=${value}${unit === undefined ? '' : ` ${unit}`}`),
          ),
        ),
      },
    };
  }

  /** A base that is its own candidate has one checkout and one build. */
  #sides(): readonly Side[] {
    return this.#checkoutId('base') === this.#checkoutId('candidate') ? ['candidate'] : sides;
  }

  #patchset(side: Side): string {
    return side === 'base' ? '' : patchsetHash(this.#verdict?.candidate.patches ?? []);
  }

  #checkoutId(side: Side): string {
    const { tree, candidate } = this.#trial;
    // Without a verdict there are no hashes; names must do.
    const named = side === 'base' ? '' : candidate;
    const parts = this.#verdict ? [this.#verdict.tree.hash, this.#patchset(side)] : [tree, named];
    return `${this.#origin}:${digest(...parts)}`;
  }

  #buildId(side: Side): string {
    const hash = this.#verdict?.kernels[side]?.hash;
    return `${this.#origin}:${hash ?? digest(this.#checkoutId(side), this.#trial.profile)}`;
  }

  /** Every run of a test has its own. */
  #testId(side: Side, name: string): string {
    const { id, directory } = this.#trial;
    return `${this.#origin}:${digest(id, this.#verdict?.startedAt ?? directory, side, name)}`;
  }

  #issueId(signature: string): string {
    return `${this.#origin}:${digest(signature)}`;
  }

  /** `ringtrial.SUITE.PROGRAM.POINT`, of the letters that KCIDB's paths know. */
  #path(test?: string): string {
    const parts = ['ringtrial', this.#trial.suite.replaceAll('.', '_'), ...(test ?? '').split('.')];
    return parts
      .map((part) => part.replaceAll(/[^a-zA-Z0-9_-]/g, '_'))
      .filter((part) => part !== '')
      .join('.');
  }
}
