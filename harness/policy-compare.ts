import type { Policy } from './policy-schema.ts';
import { type PointResult, type PolicyNote, worst } from './status.ts';

/** What a policy said of one test on one kernel, over all repetitions. */
export interface SidePolicy {
  /** Each note once; nothing where there is none. */
  policy?: PolicyNote[];
  /** Every failure of the test is a known one: `sometimes` where all of them depend on a race. */
  known?: 'always' | 'sometimes';
}

export function policyOfSide(points: readonly PointResult[]): SidePolicy {
  const notes = points.flatMap((point) => point.policy ?? []);
  const policy = [...new Map(notes.map((one) => [`${one.effect} ${one.entry} ${one.text}`, one])).values()];
  const failed = points.filter((point) => point.own === 'FAIL');
  if (policy.length === 0) return {};
  if (failed.length === 0 || !failed.every(isKnownFailure)) return { policy };
  return { policy, known: policy.every((one) => one.sometimes) ? 'sometimes' : 'always' };
}

/** Whether a point failed in no other way than such kernels are known to. */
export const isKnownFailure = (point: PointResult): boolean =>
  point.own === 'FAIL' &&
  point.policy !== undefined &&
  point.policy.length > 0 &&
  point.policy.every((one) => one.effect === 'known');

/** What a policy makes of a test that fails with the patch; undefined where it has no say. */
export type KnownChange = 'known failure' | 'fails differently' | 'regression';

/**
 * Compares a test's failures by what is known of them. A known failure that base does not show is no known
 * failure of this base; and where base fails as it is known to, any other failure is the patch's.
 */
export function knownChange(
  base: readonly PointResult[],
  candidate: readonly PointResult[],
  failuresOfBase: Policy['failuresOfBase'],
): KnownChange | undefined {
  const [before, after] = [base, candidate].map((points) => worst(points.map((point) => point.own)));
  if (after !== 'FAIL' || before === 'SKIP') return undefined;
  const { known } = policyOfSide(candidate);
  if (known !== undefined) return before === 'PASS' && known === 'always' ? undefined : 'known failure';
  if (before !== 'FAIL') return undefined;
  if (policyOfSide(base).known !== undefined) return 'regression';
  if (failuresOfBase === 'doubt') return undefined;
  const words = failureWords(base);
  return [...failureWords(candidate)].every((one) => words.has(one)) ? 'known failure' : 'fails differently';
}

/** What the failures of a test say, without the numbers, which differ from run to run. */
const failureWords = (points: readonly PointResult[]): Set<string> =>
  new Set(
    points
      .filter((point) => point.own === 'FAIL')
      .map((point) => (point.reason ?? '').replaceAll(/\b(0x)?[0-9a-f]*\d[0-9a-f]*\b/gi, 'N')),
  );
