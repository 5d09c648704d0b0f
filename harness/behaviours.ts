import type { Behaviour, TestComparison, TestSide } from './verdict.ts';

/** Exact observations whose values on the two kernels have nothing in common. */
export function compareBehaviours(tests: readonly TestComparison[]): Behaviour[] {
  // What a test saw before it failed is no behaviour.
  const compared = tests.filter((test) => test.base.own === 'PASS' && test.candidate.own === 'PASS');
  return compared.flatMap((test) => {
    const keys = new Set([...exactKeys(test.base), ...exactKeys(test.candidate)]);
    return [...keys].flatMap((key): Behaviour[] => {
      const base = valuesOf(test.base, key);
      const candidate = valuesOf(test.candidate, key);
      const disjoint =
        base.length > 0 && candidate.length > 0 && !base.some((value) => candidate.includes(value));
      return disjoint ? [{ test: test.name, key, base, candidate }] : [];
    });
  });
}

const exactKeys = (side: TestSide): string[] =>
  side.observations
    .flat()
    .flatMap((observation) => (observation.unit === undefined ? [observation.key] : []));

const valuesOf = (side: TestSide, key: string): string[] => [
  ...new Set(
    side.observations
      .flat()
      .filter((observation) => observation.unit === undefined && observation.key === key)
      .map((observation) => observation.value),
  ),
];
