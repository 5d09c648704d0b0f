import { confidence } from './statistics/wilson.ts';
import type { PointResult } from './status.ts';
import type { TestComparison, TestSide, Verdict } from './verdict.ts';

type Reason = Verdict['reasons'][number];

/**
 * What a test's comparison speaks against the candidate.
 *
 * @param fresh signatures of the reports that the candidate alone gives
 */
export function reasonOfTest(
  test: TestComparison,
  points: readonly PointResult[],
  fresh: ReadonlySet<string>,
): Reason[] {
  // A new report that blinds the tests of its time is the reason; they need not be one each.
  const explained = (): boolean =>
    points.some((point) => point.name === test.name && point.reports.some((one) => fresh.has(one)));
  if (test.change === 'not observed' && explained()) return [];
  const sentence = sentenceOf(test);
  if (sentence === undefined) return [];
  const why = test.candidate.reason === undefined ? '' : `: ${test.candidate.reason}`;
  const weight = test.change === 'regression' ? 'reject' : 'doubt';
  return [{ weight, subject: test.name, text: `${test.name} ${sentence}${why}` }];
}

function sentenceOf(test: TestComparison): string | undefined {
  const { base, candidate } = test;
  switch (test.change) {
    case 'regression':
      return (base.failures ?? 0) > 0 && base.known === undefined
        ? `fails more often with the patch${inRuns(test)}`
        : `fails with the patch and not without${inRuns(test)}`;
    case 'flaky':
      return candidate.own === 'FAIL'
        ? `fails now and then, without the patch too, and chance explains the difference${inRuns(test)}`
        : undefined;
    case 'fails, base unknown':
      return `fails with the patch, and base was ${base.own}${inRuns(test)}`;
    case 'not observed':
      return `could not be observed with the patch (${candidate.own})`;
    case 'no longer runs':
      return 'runs without the patch and is skipped with it';
    case 'fails differently':
      return 'fails without the patch too, and with it in another way';
    // A failure that base has too hides whatever the patch does there.
    case 'fails on both':
      return 'fails without the patch too, so it says nothing about the patch';
    // What the patched kernel does is known, and it is good: nothing here speaks against the patch.
    case 'passes, base unknown':
    case 'known failure':
    case 'fixed':
    case 'same':
      return undefined;
  }
}

/** How often, where that is more than once. */
function inRuns({ base, candidate, change, p }: TestComparison): string {
  const count = ({ failures = 0, observed = 0 }: TestSide): string => `${failures} of ${observed}`;
  if (Math.max(base.observed ?? 0, candidate.observed ?? 0) < 2) return '';
  // A base that never failed may have been lucky; the failure counts all the same.
  const open = change === 'regression' && p !== undefined && p >= 1 - confidence;
  const chance =
    p === undefined ? '' : `, p=${p.toPrecision(2)}${open ? ': only more runs tell it from chance' : ''}`;
  return ` (${count(candidate)} runs, base ${count(base)}${chance})`;
}
