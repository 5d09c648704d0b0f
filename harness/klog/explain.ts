import { explainLockdep } from './lockdep/explain.ts';
import type { KernelReport } from './types.ts';

/** What a kind of report means, by the first rule that fits. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^kasan\.dfree|^kfence\.free/, 'Memory was freed that was no longer (or never) allocated.'],
  [
    /^kasan\.uaf|^kfence\.uaf/,
    'Memory was used after it had been freed: somebody kept a pointer without a reference.',
  ],
  [/^kasan|^kfence/, 'Memory outside of the object at hand was touched.'],
  [/^kmsan/, 'A decision or a copy to user space depends on memory that nobody had written.'],
  [
    /^kcsan/,
    'Two contexts access the same memory at the same time, at least one writes, and neither says that this is meant.',
  ],
  [/^ubsan/, 'The C standard leaves open what this operation does.'],
  [/^kmemleak/, 'Nothing in memory points to this allocation any more, and it was not freed.'],
  [/^refcount/, 'A reference count went where it must not: a get or put too many or too few.'],
  [
    /^list/,
    'A linked list does not link: an element was removed twice, added twice, or freed while on the list.',
  ],
  [/^odebug/, 'An object (timer, work, rcu head) was freed or set up anew while still in use.'],
  [/^slub/, 'The allocator found one of its objects overwritten, freed twice, or left behind.'],
  [
    /^sched\.(?:sleep|atomic|rcu)/,
    'Code that may sleep ran where sleeping is forbidden: under a spinlock, in an interrupt, or in an RCU read section.',
  ],
  [
    /^rcu/,
    'A CPU or task did not pass a quiescent state for too long: a loop without rescheduling, or a starved CPU.',
  ],
  [
    /^hung/,
    'A task waits uninterruptibly and nobody wakes it: a deadlock, a lost wake-up, or I/O that never ends.',
  ],
  [/^(?:soft|hard)lockup/, 'A CPU ran kernel code for too long without letting anything else run.'],
  [/^wq/, 'Work items block their workqueue, or leave something behind.'],
  [/^warn/, 'A condition that the code takes for impossible came true.'],
  [/^bug/, 'A condition that the code cannot go on with came true: the task was killed.'],
  [/^oops\.null/, 'A pointer was followed that was NULL (or a small offset from it).'],
  [/^oops/, 'The CPU met something that it cannot execute or access.'],
  [/^panic|^init/, 'The kernel gave up.'],
  [/^bad\.|^pgtables/, 'The memory manager found its own books wrong.'],
];

/** Functions that only print a stack or bring the trap there. */
const PRINTING =
  /^(?:dump_|show_stack|print_|__warn|report_bug|handle_bug|exc_|asm_exc_|__might_|slab_err|object_err)/;

/** The functions of the stack in which it happened, from where the CPU stood. */
function stackOf(report: KernelReport): string[] {
  const own = report.traces.filter((t) => /Call [Tt]race|Backtrace/.test(t.heading));
  const [trace] = own.length > 0 ? own : report.traces;
  const funcs = (trace?.frames ?? []).flatMap((f) => (f.unreliable || f.func === undefined ? [] : [f.func]));
  const from = funcs.findIndex((f) => !PRINTING.test(f));
  const ip = report.ip?.func;
  const shown = funcs.slice(Math.max(from, 0));
  return ip === undefined || funcs.includes(ip) ? shown : [ip, ...shown];
}

/** Says who was hit and where, for reports other than lockdep's. */
function explainOther(report: KernelReport, who: string): string[] {
  const out = [`${report.title}.`];
  const meaning = MEANINGS.find(([kind]) => kind.test(report.kind))?.[1];
  if (meaning !== undefined) out.push(meaning);
  const place =
    report.context === undefined || report.context === 'task' ? '' : `, in ${report.context} context`;
  if (report.task !== undefined)
    out.push(`It happened to ${who}${report.cpu === undefined ? '' : ` on CPU ${report.cpu}`}${place}.`);
  if (report.blocker !== undefined)
    out.push(
      `The ${report.blocker.lock} that it waits for is held by ${report.blocker.task.comm} (pid ${report.blocker.task.pid}).`,
    );
  const stack = stackOf(report);
  if (stack.length > 0)
    out.push(`Stack, innermost first: ${stack.slice(0, 7).join(' < ')}${stack.length > 7 ? ' ...' : ''}.`);
  return out;
}

/** A report in plain English, one sentence (or two) an element; four to eight of them for lockdep's. */
export function explain(report: KernelReport): string[] {
  const who = report.task === undefined ? 'a task' : `${report.task.comm} (pid ${report.task.pid})`;
  const out =
    report.lockdep === undefined
      ? explainOther(report, who)
      : explainLockdep({ kind: report.kind.slice('lockdep.'.length), who, report: report.lockdep });
  if (report.panic !== undefined) out.push(`The kernel then panicked: ${report.panic}.`);
  if (report.secondary === true)
    out.push('An earlier report stands in the same log: this one may be only a consequence.');
  if (report.corrupted !== undefined) out.push(`Read it with care: ${report.corrupted}.`);
  return out;
}
