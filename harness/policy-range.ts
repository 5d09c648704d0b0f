import { z } from 'zod';

/** `6.1`, `6.1.192`, `7.2.0-rc3`: the numbers count, a release candidate as the release it leads to. */
type Version = readonly number[];

interface Comparator {
  readonly operator: '<' | '<=' | '>' | '>=' | '=';
  readonly version: Version;
}

const comparatorText = /^(<=|>=|<|>|=)?(\d+(?:\.\d+){0,2})$/;

/**
 * Whether a kernel's version (`make kernelversion`) lies in a range: `>=6.3`, `<6.12`, `>=5.13 <6.3`,
 * alternatives with `||`, `6.1` (all of that series), `*` (all).
 *
 * A version that is no version (a vendor's own scheme) lies in `*` only.
 */
export function inRange(range: string, kernel: string): boolean {
  const alternatives = parseRange(range);
  if (alternatives === null) return false;
  const version = parseKernel(kernel);
  return alternatives.some((comparators) =>
    comparators.every((comparator) => version !== null && holds(comparator, version)),
  );
}

/** A range of kernel versions, as people write it in JSON. */
export const kernelRange = z.string().refine((text) => parseRange(text) !== null, {
  error: 'a range of kernels, such as ">=6.3", ">=5.13 <6.3", "6.1 || >=6.12" or "*"',
});

/** Alternatives of comparators that must all hold; null when it is no range. */
function parseRange(text: string): Comparator[][] | null {
  if (text.trim() === '*') return [[]];
  const alternatives = text.split('||').map((part) => part.split(/\s+/).filter(Boolean));
  if (alternatives.some((words) => words.length === 0)) return null;
  const parsed = alternatives.map((words) => words.map(parseComparator));
  return parsed.every((words): words is Comparator[] => !words.includes(null)) ? parsed : null;
}

function parseComparator(word: string): Comparator | null {
  const match = comparatorText.exec(word);
  if (match === null) return null;
  const [, operator = '=', version = ''] = match;
  return { operator: operator as Comparator['operator'], version: version.split('.').map(Number) };
}

function parseKernel(text: string): Version | null {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/**
 * Compares as far as the range's version goes: 6.1.192 equals `6.1`, so it is `<=6.1` and not `>6.1`.
 */
function holds({ operator, version }: Comparator, kernel: Version): boolean {
  const first = version.findIndex((number, index) => number !== kernel[index]);
  const order = first < 0 ? 0 : (kernel[first] ?? 0) - (version[first] ?? 0);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '=':
      return order === 0;
  }
}
