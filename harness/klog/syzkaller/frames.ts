import { demangle } from '../rust.ts';
import type { Row } from '../trace.ts';
import { armCallee, parseFrame } from '../trace.ts';
import { BYSTANDER, DISPATCHER, INTERRUPT_ENTRY, plain } from './bystanders.ts';

/** What a report's lines name, in order of the lines. */
export interface Mention {
  readonly func: string;
  /** `ip`: where a CPU stood; `frame`: in a stack; `site`: where a lock was taken (`, at: foo+0x1/0x2`). */
  readonly how: 'ip' | 'frame' | 'site';
  /** Index of the line. */
  readonly line: number;
}

const SITE = /(?:^|, )at: (?:\[<[^>]{1,20}>\] {0,8})?(?=[A-Za-z_])/;

/** All functions that a report names, without what the unwinder was not sure of. */
export function mentions(rows: readonly Row[]): Mention[] {
  const found: Mention[] = [];
  rows.forEach((row, line) => {
    if (row.pointer?.func !== undefined) found.push({ func: demangle(row.pointer.func), how: 'ip', line });
    else if (row.frame?.func !== undefined) {
      const last = found.at(-1);
      const callee = last?.how === 'frame' && last.line === line - 1 ? undefined : armCallee(row.text);
      if (callee !== undefined) found.push({ func: callee, how: 'frame', line });
      if (!row.frame.unreliable) found.push({ func: demangle(row.frame.func), how: 'frame', line });
    } else if (row.body.includes('+0x')) {
      const site = SITE.exec(row.body);
      const at = site === null ? undefined : parseFrame(row.body.slice(site.index + site[0].length));
      if (at?.func !== undefined) found.push({ func: at.func, how: 'site', line });
    }
  });
  return found;
}

/** Functions that were looked up before: a kernel has some ten thousand in all, and a log names the same again and again. */
const KNOWN = new Map<string, boolean>();
const MAX_KNOWN = 10_000;

function isBystander(func: string): boolean {
  let known = KNOWN.get(func);
  if (known === undefined) {
    known = BYSTANDER.test(plain(func));
    if (KNOWN.size >= MAX_KNOWN) KNOWN.clear();
    KNOWN.set(func, known);
  }
  return known;
}

/** The first function that is more than a bystander. */
export const pick = (funcs: readonly string[], also?: RegExp): string | undefined =>
  funcs.find((f) => !isBystander(f) && also?.test(plain(f)) !== true);

/**
 * The function by which a stall is known: the one that a dispatcher called. Stalls are noticed in some
 * function of a loop, each time another one.
 */
export function pickDispatched(funcs: readonly string[]): string | undefined {
  let before = funcs[0];
  for (const f of funcs) {
    const name = plain(f);
    if (DISPATCHER.test(name)) {
      if (name.startsWith('smp_call_function')) return name;
      if (before !== undefined) return before;
    }
    before = f;
  }
  return undefined;
}

/** The functions below the interrupt in which a stall was noticed. */
export function interrupted(funcs: readonly string[]): readonly string[] {
  const entry = funcs.findIndex((f) => INTERRUPT_ENTRY.test(plain(f)));
  return entry < 0 ? [] : funcs.slice(entry + 1);
}

/** The function by which a stall is known when the CPU kept interrupts off and only an NMI showed where it stood. */
export function stalledIn(rows: readonly Row[]): string | undefined {
  const all = mentions(rows).filter((m) => m.how !== 'site');
  const at = all.findIndex((m) => m.how === 'ip');
  return at < 0 ? undefined : pickDispatched(all.slice(at).map((m) => m.func));
}

/** The function to name when nothing else says which: the first one in the first stack that is no bystander. */
export function blame(rows: readonly Row[]): string | undefined {
  // show_pwq() (kernel/workqueue.c): `in-flight: 30:some_work_func`
  const work = rows
    .map((r) => /^in-flight: \d{1,10}(?:\(RESCUER\))?:([^\s+,]{1,128})/.exec(r.text)?.[1])
    .find(Boolean);
  if (work !== undefined) return work;
  const from = rows.findIndex((r) => /^Call [Tt]race:|^Backtrace:/.test(r.text));
  return from < 0
    ? undefined
    : pick(
        mentions(rows.slice(from))
          .filter((m) => m.how !== 'site')
          .map((m) => m.func),
      );
}
