import type { LoadedRun, LoadedTrial, TestSide, Verdict } from 'ringtrial';

/** One design on one tree: a candidate, or `base` for what the tree itself does. */
export interface DesignRow {
  /** What the tree was, `debian-6.1.192-2`; as it was asked for where nothing of it came to an end. */
  readonly tree: string;
  readonly design: string;
  /** What became of it: the verdicts of its trials, the same one only once. Empty for base, which is not judged. */
  readonly verdicts: readonly string[];
  /** What it did in each test of all suites, by the test's name. */
  readonly tests: ReadonlyMap<string, TestSide>;
}

/** The rows of a matrix whose trials are designs on trees, base first on each tree. */
export function rowsOf(run: LoadedRun): DesignRow[] {
  const trees = [...new Set(run.trials.map(({ tree }) => tree))];
  return trees.flatMap((tree) => {
    const trials = run.trials.filter((trial) => trial.tree === tree);
    const name = trials.find(({ verdict }) => verdict)?.verdict?.tree.id ?? tree;
    const designs = [...new Set(trials.map(({ candidate }) => candidate))].filter((one) => one !== 'base');
    const base = { tree: name, design: 'base', verdicts: [], tests: testsOf(trials, 'base') };
    return [base, ...designs.map((design) => rowOf(name, design, trials))];
  });
}

function rowOf(tree: string, design: string, all: readonly LoadedTrial[]): DesignRow {
  const trials = all.filter(({ candidate }) => candidate === design);
  const verdicts = [...new Set(trials.map(({ verdict }) => verdict?.verdict ?? 'missing'))];
  return { tree, design, verdicts, tests: testsOf(trials, 'candidate') };
}

function testsOf(trials: readonly LoadedTrial[], side: 'base' | 'candidate'): Map<string, TestSide> {
  const verdicts = trials.flatMap(({ verdict }): Verdict[] => (verdict ? [verdict] : []));
  return new Map(verdicts.flatMap(({ tests }) => tests.map((test) => [test.name, test[side]])));
}

/** What a test observed, over all repetitions; empty when it did not come so far. */
export const observed = ({ tests }: DesignRow, test: string, key: string): string[] =>
  (tests.get(test)?.observations ?? []).flat().flatMap((entry) => (entry.key === key ? [entry.value] : []));

/** The median of a measurement over all repetitions; undefined when there is none. */
export function measured(row: DesignRow, test: string, key: string): number | undefined {
  const values = observed(row, test, key)
    .map(Number)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b);
  const [low, high] = [values[(values.length - 1) >> 1], values[values.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
