import type { Seen } from './detector.ts';

/**
 * Why silence about a mutant says nothing: something that passes on base was never observed on it.
 * Undefined when all of that passed at least once, so that the suite had its chance and missed.
 */
export function unobserved(base: Seen, mutant: Seen): string | undefined {
  const names = (seen: Seen): Set<string> =>
    new Set(seen.points.filter(({ status }) => status === 'PASS').map(({ name }) => name));
  const [expected, passed] = [names(base), names(mutant)];
  if (expected.size === 0) return 'no test passed on base';
  const lost = [...expected].filter((name) => !passed.has(name));
  const [first] = lost;
  if (first === undefined) return undefined;
  const point = mutant.points.find(({ name }) => name === first);
  const why = point === undefined ? 'not run' : (point.reason ?? point.status);
  return `${lost.length} of ${expected.size} points that pass on base were not observed: ${first}: ${why}`;
}
