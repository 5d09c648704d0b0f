import type { LockClass, LockdepReport, Trace } from './types.ts';

/** Functions that report or print, not err: they stand on top of every trace. */
const MACHINERY =
  /^(?:(?:__)?dump_stack(?:_lvl)?|show_stack|print_|check_|mark_lock|mark_usage|__lock_acquire|lock_acquire|lock_release|lock_set|validate_chain|__warn|warn_|report_bug|handle_bug|handle_exception|exc_|asm_exc|panic|kasan_|__asan|__kasan|lockdep_|__might_|__schedule_bug|__schedule$|schedule|___sched|ubsan_|__ubsan|kfence|kmsan|__msan)/;

/** The class as it is the same in every run: `#N` depends on the order of registration, `/N` does not. */
export const className = (c: LockClass): string =>
  c.subclass === undefined ? c.name : `${c.name}/${c.subclass}`;

/** The rotation of a cycle that sorts first, so that it does not matter where lockdep began. */
export function rotate(names: readonly string[]): string[] {
  const turns = names.map((_, i) => [...names.slice(i), ...names.slice(0, i)]);
  return turns.reduce((a, b) => (b.join('\0') < a.join('\0') ? b : a), turns[0] ?? []);
}

/** Takes out what differs from run to run: addresses, numbers that count, offsets. */
const still = (text: string): string =>
  text
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b/g, 'ADDR')
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\.(?:constprop|isra|part|cold|llvm)(?:\.\d+)*/g, '')
    .replace(/\b\d+\b/g, 'N');

/** A report's identity across runs and machines with the same kernel source. */
export function signatureOf(
  kind: string,
  title: string,
  traces: readonly Trace[],
  lockdep?: LockdepReport,
): string {
  if (lockdep !== undefined && lockdep.cycle.length > 0)
    return `${kind}: ${rotate(lockdep.cycle.map(className)).join(' -> ')}`;
  const frames = (traces.at(0)?.frames ?? []).filter(
    (f) => !f.unreliable && f.func !== undefined && !MACHINERY.test(f.func),
  );
  const top = frames.slice(0, 3).map((f) => still(f.func ?? ''));
  return `${kind}: ${still(title)}${top.length > 0 ? ` [${top.join(' < ')}]` : ''}`;
}
