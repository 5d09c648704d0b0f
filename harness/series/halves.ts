/** What is known of a series up to a patch. */
export type StepResult = 'good' | 'bad' | 'skip';

export interface Halved {
  /** How many patches of the series the first bad one is, from 1; null when it could not be told. */
  readonly first: number | null;
  /** When steps had to be skipped: the first bad patch is one of these. */
  readonly suspects: readonly number[];
  readonly tried: readonly { readonly patches: number; readonly result: StepResult }[];
}

/**
 * Finds the first bad patch of a series of which base is good and the whole is bad, by halves. A step
 * that cannot be judged (it does not build) is skipped and the nearest other one tried.
 *
 * @param count patches in the series
 * @param judge judges the series up to so many patches
 */
export async function halve(count: number, judge: (patches: number) => Promise<StepResult>): Promise<Halved> {
  let [good, bad] = [0, count];
  const tried: { patches: number; result: StepResult }[] = [];
  const skipped = new Set<number>();
  for (;;) {
    const open = range(good + 1, bad - 1).filter((at) => !skipped.has(at));
    const middle = (good + bad) / 2;
    const [next] = open.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    if (next === undefined) break;
    const result = await judge(next);
    tried.push({ patches: next, result });
    if (result === 'good') good = next;
    else if (result === 'bad') bad = next;
    else skipped.add(next);
  }
  const suspects = range(good + 1, bad);
  return { first: suspects.length === 1 ? bad : null, suspects, tried };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
