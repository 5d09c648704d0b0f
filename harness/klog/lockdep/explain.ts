import { CYCLES, inversion } from './explain-cycles.ts';
import { explainLimit, MISUSES } from './explain-misuse.ts';
import type { Explained } from './explain-words.ts';

const TOLD: Readonly<Record<string, (x: Explained) => string[]>> = { ...CYCLES, ...MISUSES };

/** A lockdep report in plain English: who does what, what contradicts it, what usually fixes that kind. */
export function explainLockdep(x: Explained): string[] {
  if (x.kind.startsWith('safe-unsafe')) return inversion(x);
  if (x.kind.startsWith('off.')) return explainLimit(x);
  return TOLD[x.kind]?.(x) ?? [];
}
