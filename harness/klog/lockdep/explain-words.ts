import { className } from './lock.ts';
import type { LockdepReport, LockUse } from './types.ts';

/** A lockdep report with what an explanation needs besides. */
export interface Explained {
  /** Kind without `lockdep.`. */
  readonly kind: string;
  readonly title: string;
  /** `racer (pid 71)` or `a task`. */
  readonly who: string;
  readonly report: LockdepReport;
  /** Functions of the stack in which lockdep complained, innermost first, from the one that used the lock on. */
  readonly stack: readonly string[];
}

export const inFunc = (func: string | undefined): string => (func === undefined ? '' : ` in ${func}`);
export const atSite = (use: LockUse | undefined): string => inFunc(use?.at?.func);
export const nameOf = (use: LockUse | undefined): string =>
  use === undefined ? 'a lock' : className(use.lock);

/** At the head of a sentence; names of tasks stay as they are. */
export const upper = (who: string): string => (who === 'a task' ? 'A task' : who);

const SHOWN = 7;

/** Names with the number of times that they stand in a row: recursion takes one place only. */
function collapsed(funcs: readonly string[]): string[] {
  const runs: { func: string; times: number }[] = [];
  for (const func of funcs) {
    const last = runs.at(-1);
    if (last?.func === func) last.times++;
    else runs.push({ func, times: 1 });
  }
  return runs.map(({ func, times }) => (times === 1 ? func : `${func} (${times} times)`));
}

/** The functions of a stack in a line; empty when there is none. */
export function tellStack(funcs: readonly string[]): string[] {
  if (funcs.length === 0) return [];
  const told = collapsed(funcs);
  return [`Stack, innermost first: ${told.slice(0, SHOWN).join(' < ')}${told.length > SHOWN ? ' ...' : ''}.`];
}
