import type { TestComparison, TestSide, Verdict } from '../verdict.ts';

const percent = (share: number): string => `${Math.round(share * 100)}`;

/** `(11..47 %)`: the interval of the failure rate, where something failed. */
export const rateWords = ({ failures, interval }: TestSide): string[] =>
  failures && interval ? [`(${percent(interval[0])}..${percent(interval[1])} %)`] : [];

/** What changed, and where a rate was compared, how probable chance makes it. */
export function changeCell({ change, base, candidate, p, pCorrected }: TestComparison): string {
  const words: string[] = change === 'same' ? [] : [change];
  const failed = (base.failures ?? 0) + (candidate.failures ?? 0) > 0;
  const repeated = Math.max(base.observed ?? 0, candidate.observed ?? 0) > 1;
  if (failed && repeated && p !== undefined) words.push(chance(p, pCorrected));
  return words.join(', ');
}

function chance(p: number, pCorrected = p): string {
  const [plain, corrected] = [p, pCorrected].map(short);
  return plain === corrected ? `p=${plain}` : `p=${plain}, corrected ${corrected}`;
}

const short = (p: number): string => (p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2))));

/** What the repetitions say of failures that were not seen; nothing where there were none. */
export function certaintyText({ certainty, repetitions, tests }: Verdict): string {
  const fixes = tests.flatMap(fixedLine);
  const lines = [
    ...(certainty?.stopped === undefined ? [] : [`--repeat auto stopped: ${certainty.stopped}.`]),
    ...(certainty && certainty.passes > 0 && repetitions > 1 ? [unseenLine(certainty)] : []),
    ...(repetitions > 1 ? fixes : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function unseenLine({ passes, rulesOut, confidence, needs }: NonNullable<Verdict['certainty']>): string {
  const reached = needs.filter((need) => need.passes <= passes).at(-1);
  const open = needs.filter((need) => need.passes > passes);
  const claims = [
    ...(reached ? [`"not even 1 in ${reached.oneIn}" may be said`] : []),
    ...(open.length > 0
      ? [open.map(({ oneIn, passes: runs }) => `"not even 1 in ${oneIn}" takes ${runs}`).join(', ')]
      : []),
  ];
  return `Every test that never failed with the patch passed at least ${passes} times: at ${percent(confidence)} % that rules out failures in more than ${percent(rulesOut)} % of its runs; ${claims.join('; ')}.`;
}

function fixedLine({ name, base, candidate, runsForFixed }: TestComparison): string[] {
  if (runsForFixed === undefined || !candidate.observed) return [];
  const seen = `${name} failed in ${base.failures} of ${base.observed} runs without the patch and in none of ${candidate.observed} with it`;
  return candidate.observed >= runsForFixed
    ? [`${seen}, enough for "fixed" (${runsForFixed}).`]
    : [`${seen}; "fixed" takes ${runsForFixed} passes.`];
}
