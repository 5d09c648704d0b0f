import { explainLockdep } from './lockdep/explain.ts';
import { tellStack } from './lockdep/explain-words.ts';
import { userOf } from './lockdep/stacks.ts';
import { meaningOf } from './meanings.ts';
import type { KernelReport } from './types.ts';

/** Functions that only print a report, check what it is about, or bring the trap there; compilers' suffixes left out. */
const PRINTING = new RegExp(
  `^(?:${[
    'dump_\\w+|__dump_stack|show_stack|print_\\w+|sched_show_task|check_cpu_stall|__?panic|panic_saved_regs|nmi_panic',
    '__warn\\w*|warn_slowpath\\w*|report_bug|handle_bug|fixup_bug|bug_handler|brk_handler|do_debug_exception',
    'exc_\\w+|asm_exc_\\w+|do_error_trap|do_trap|do_invalid_op|invalid_op',
    '_?_?_?kasan_\\w+|__asan_\\w+|check_memory_region\\w*|kmsan_\\w+|__msan_\\w+|_?_?ubsan_\\w+|kcsan_\\w+',
    '_?_?_?might_\\w+|__cant_\\w+|check_preemption_disabled|__this_cpu_preempt_check|__schedule_bug',
    'slab_err|object_err|spin_bug|spin_dump|rwlock_bug|fortify_panic|__fortify_\\w+|__switch_to',
  ].join('|')})$`,
);

/** The functions of the stack in which it happened, from where the CPU stood. */
function stackOf(report: KernelReport): string[] {
  const own = report.traces.filter((t) => /Call [Tt]race|Backtrace/.test(t.heading));
  const [trace] = own.length > 0 ? own : report.traces;
  const funcs = (trace?.frames ?? []).flatMap((f) => (f.unreliable || f.func === undefined ? [] : [f.func]));
  const from = funcs.findIndex((f) => !PRINTING.test(f.replace(/\..*$/, '')));
  const ip = report.ip?.func;
  const shown = funcs.slice(Math.max(from, 0));
  return ip === undefined || funcs.includes(ip) ? shown : [ip, ...shown];
}

/** `#0: ffff8880 (&a){+.+.}-{3:3}, at: foo+0x1/0x2`: what the task holds, as reports of sleeping list it. */
const HELD =
  /#\d{1,3}: [0-9a-f]{8,16} \((.{1,100}?)\)\{[-+.?]{2,12}\}(?:-\{\d{1,2}:\d{1,2}\})?, at: (?:\[<[^>]{1,20}>\] {0,2})?([^\s+]{1,128})\+0x/g;

function tellHeld({ kind, text }: KernelReport): string[] {
  if (!/^(?:sched|wq\.leak)/.test(kind)) return [];
  const held = [...text.matchAll(HELD)].slice(0, 4).map(([, lock, func]) => `${lock} (taken in ${func})`);
  return held.length === 0 ? [] : [`It holds ${held.join(', ')}.`];
}

/** show_pwq() (kernel/workqueue.c): `in-flight: 30:some_work`, `pending: a, b`. */
function tellWork({ kind, text }: KernelReport): string[] {
  if (kind !== 'wq.lockup') return [];
  const running = /in-flight: (\d{1,10})(?:\(RESCUER\))?:([^\s,]{1,128})/.exec(text);
  if (running === null) return [];
  const pending = /pending: ([^\r\n]{1,200})/.exec(text.slice(running.index))?.[1]?.trim();
  return [
    `${running[2]} runs (worker ${running[1]})${pending === undefined ? '' : `; behind it wait ${pending}`}.`,
  ];
}

/** With one full stop at its end. */
const sentence = (text: string): string => `${text.replace(/[. ]+$/, '')}.`;

/** Says who was hit and where, for reports other than lockdep's. */
function explainOther(report: KernelReport, who: string): string[] {
  const { blocker, context, cpu, task, title } = report;
  const { meaning, fix } = meaningOf(report.kind);
  const place = context === undefined || context === 'task' ? '' : `, in ${context} context`;
  return [
    sentence(title),
    ...(meaning === undefined ? [] : [meaning]),
    ...(task === undefined
      ? []
      : [`It happened to ${who}${cpu === undefined ? '' : ` on CPU ${cpu}`}${place}.`]),
    ...tellHeld(report),
    ...tellWork(report),
    ...(blocker === undefined
      ? []
      : [
          `The ${blocker.lock} that it waits for ${blocker.lock === 'semaphore' ? 'was last' : 'is'} held by ${blocker.task.comm} (pid ${blocker.task.pid}).`,
        ]),
    ...tellStack(stackOf(report)),
    ...(fix === undefined ? [] : [fix]),
  ];
}

/** A report in plain English, one sentence (or two) an element; four to eight of them for lockdep's. */
export function explain(report: KernelReport): string[] {
  const who = report.task === undefined ? 'a task' : `${report.task.comm} (pid ${report.task.pid})`;
  const { kind, title, lockdep } = report;
  const out =
    lockdep === undefined
      ? explainOther(report, who)
      : explainLockdep({
          kind: kind.slice('lockdep.'.length),
          title,
          who,
          report: lockdep,
          stack: userOf(report.traces.at(-1)?.frames ?? []),
        });
  if (report.panic !== undefined) out.push(sentence(`The kernel then panicked: ${report.panic}`));
  if (report.secondary === true)
    out.push('An earlier report stands in the same log: this one may be only a consequence.');
  if (report.corrupted !== undefined) out.push(`Read it with care: ${report.corrupted}.`);
  return out;
}
