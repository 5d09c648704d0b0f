/** Failures and runs of two kernels. */
export interface Table {
  readonly base: { readonly failures: number; readonly runs: number };
  readonly candidate: { readonly failures: number; readonly runs: number };
}

/** How much two probabilities may differ that are equal but for rounding: the same as in R's fisher.test. */
const tolerance = 1 + 1e-7;

/**
 * Fisher's exact test, two-sided: how probable it is that so many failures, dealt out to both kernels by
 * chance, fall as unevenly as they did, or more so (R. A. Fisher, 1922). "More so" is what R takes it for:
 * every table that is no more probable than the one seen.
 */
export function fisherExact(table: Table): number {
  const { first, weights } = distribution(table);
  return pValue(weights, table.base.failures - first);
}

/**
 * All p-values that the test can give at all when so many failures fall on these runs. With few runs no
 * small one is among them, whatever the kernels do.
 */
export function attainable(table: Table): number[] {
  const { weights } = distribution(table);
  return weights.map((_, at) => pValue(weights, at));
}

function pValue(weights: readonly number[], seen: number): number {
  const limit = (weights[seen] ?? 0) * tolerance;
  const sum = (list: readonly number[]): number =>
    list.toSorted((a, b) => a - b).reduce((so, weight) => so + weight, 0);
  return Math.min(1, sum(weights.filter((weight) => weight <= limit)) / sum(weights));
}

/**
 * The hypergeometric distribution of base's failures, not normalised: each weight from its neighbour's,
 * outwards from the most probable one, which is 1. So nothing overflows, and what underflows is nothing.
 */
function distribution({ base, candidate }: Table): { readonly first: number; readonly weights: number[] } {
  const failures = base.failures + candidate.failures;
  const first = Math.max(0, failures - candidate.runs);
  const last = Math.min(failures, base.runs);
  const mode = Math.min(
    last,
    Math.max(first, Math.floor(((failures + 1) * (base.runs + 1)) / (base.runs + candidate.runs + 2))),
  );
  /** P(k + 1) / P(k) */
  const step = (k: number): number =>
    ((failures - k) * (base.runs - k)) / ((k + 1) * (candidate.runs - failures + k + 1));
  const weights: number[] = Array.from({ length: last - first + 1 }, () => 1);
  for (let k = mode; k < last; k++) weights[k + 1 - first] = (weights[k - first] ?? 0) * step(k);
  for (let k = mode; k > first; k--) weights[k - 1 - first] = (weights[k - first] ?? 0) / step(k - 1);
  return { first, weights };
}
