import type { Judgement, Observed } from './judge.ts';
import { notRuledOut, passesNeeded } from './statistics/claims.ts';
import { confidence } from './statistics/wilson.ts';
import type { Verdict } from './verdict.ts';

/** The claims that people make of rare failures: not even 1 in so many. */
const claims = [10, 100, 1000];

/** What a trial's repetitions say of failures that nobody saw: their number, and how sure it makes. */
export function certaintyOf(
  candidate: Observed,
  { tests }: Pick<Judgement, 'tests'>,
  { asked, stopped }: { readonly asked: number | 'auto'; readonly stopped?: string | undefined },
): Pick<Verdict, 'repetitions' | 'certainty'> {
  const passing = tests.flatMap(({ candidate: side }) =>
    side.failures === 0 && side.observed ? [side.observed] : [],
  );
  const most = Math.max(1, ...candidate.points.map(({ repetition }) => repetition));
  // A second look at a few programs is no repetition of the suite.
  const repetitions = asked === 'auto' ? most : Math.min(asked, most);
  const passes = passing.length === 0 ? 0 : Math.min(...passing);
  const needs = claims.map((oneIn) => ({ oneIn, passes: passesNeeded(1 / oneIn) }));
  const rulesOut = passes === 0 ? 1 : notRuledOut(0, passes);
  return {
    repetitions,
    certainty: { confidence, passes, rulesOut, needs, ...(stopped === undefined ? {} : { stopped }) },
  };
}
