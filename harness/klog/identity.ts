import type { Header } from './headers.ts';
import { rotate } from './lockdep/cycle.ts';
import { className } from './lockdep/lock.ts';
import type { LockClass, LockdepReport } from './lockdep/types.ts';
import { plain } from './syzkaller/bystanders.ts';

/** Takes out what differs from run to run: addresses, offsets, compilers' suffixes, numbers that are no part of a name. */
export const still = (text: string): string =>
  text
    .replace(/\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}/g, '')
    .replace(/\.(?:isra|part|constprop|cold|llvm)(?:\.\d{1,20})?\b/g, '')
    .replace(/\b0x[0-9a-f]{1,16}\b|\b[0-9a-f]{8,16}\b|\(ptrval\)/g, 'ADDR')
    .replace(/\b[\w.-]{1,16}:\d{1,10}\b/g, 'TASK')
    .replace(/(?<![\w-])\d+\b|\d{5,}/g, 'N')
    .replace(/ {2,}/g, ' ');

/** A report's name for people, and its identity for comparing runs. */
export interface Identity {
  readonly title: string;
  readonly signature: string;
}

/** What identifies a report besides its kind. */
export interface Clues {
  readonly kind: string;
  readonly header: Header;
  /** The header's body as text. */
  readonly head: string;
  /** The function at fault, when the report shows one. */
  readonly func?: string;
  readonly lockdep?: LockdepReport;
}

/** Words of a header without the sign before them and the flourish behind. */
const words = (header: Header): string =>
  header.text.replace(/^(?:\[ )?(?:WARNING|INFO|BUG): /, '').replace(/(?: detected)?!?(?: \])?$/, '');

const list = (classes: readonly LockClass[]): string => classes.map(className).join(', ');

/** Kinds that are about the locks in somebody's hands. */
const NAMED_BY_LOCKS =
  /^lockdep\.(?:circular|recursive|inconsistent|irq|safe|wait|nested|unlock|contention|held|still|ret)/;

/** lockdep reports are told by their locks; the stacks in which lockdep notices differ from run to run. */
function lockdepIdentity(clues: Clues, report: LockdepReport): Identity | undefined {
  const { kind, header, func } = clues;
  const what = kind === 'lockdep.still-held' ? 'locks still held' : words(header);
  const where = func === undefined ? '' : ` in ${func}`;
  if (report.cycle.length > 0) {
    const cycle = rotate(report.cycle.map(className)).join(' -> ');
    return { title: `${what}: ${cycle}`, signature: `${kind}: ${cycle}` };
  }
  if (kind === 'lockdep.rcu' && report.check !== undefined) {
    const { file, message } = report.check;
    return { title: `${what} in ${file}${where}`, signature: `${kind}: ${file}: ${still(message)}${where}` };
  }
  if (!NAMED_BY_LOCKS.test(kind)) return undefined;
  const locks = report.wanted === undefined ? report.held.map((h) => h.lock) : [report.wanted.lock];
  if (locks.length === 0) return undefined;
  return { title: `${what}: ${list(locks)}${where}`, signature: `${kind}: ${list(locks)}${where}` };
}

/** What a header names besides the function to blame: another function, or a file. */
function passing(name: string | undefined): string {
  if (name === undefined) return '';
  return name.includes('/') ? ` at ${name}` : ` (by way of ${name})`;
}

/** Title and signature of a report. No line numbers either: a patch moves them. */
export function identify(clues: Clues): Identity {
  const { kind, header, head, lockdep } = clues;
  const own = lockdep === undefined ? undefined : lockdepIdentity(clues, lockdep);
  if (own !== undefined) return own;
  const base = (header.rule.title?.(header.groups, head) ?? header.text).trim();
  const func = clues.func === undefined ? undefined : plain(clues.func);
  if (func === undefined || base.includes(func)) return { title: base, signature: `${kind}: ${still(base)}` };
  // The header names the function that touched the memory; the one to blame called it.
  const via = / in ([^\s]{1,200})$/.exec(base);
  const what = via === null ? base : base.slice(0, via.index);
  return {
    title: `${what} in ${func}${passing(via?.[1])}`,
    signature: `${kind}: ${still(what)} in ${func}`,
  };
}
