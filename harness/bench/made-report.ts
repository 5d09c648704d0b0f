import { explain, readLog } from '../klog/index.ts';
import type { ReportComparison } from '../verdict.ts';

/** A report of a circular dependency of two locks, laid out as `print_circular_bug` does (kernel/locking/lockdep.c, 6.1). */
export function circularText(held: string, wanted: string, task: string): string {
  const body = [
    '======================================================',
    'WARNING: possible circular locking dependency detected',
    '6.1.192 #3 Not tainted',
    '------------------------------------------------------',
    `${task} is trying to acquire lock:`,
    `ffff888000f560a8 (${wanted}){+.+.}-{3:3}, at: io_import_iovec+0xab/0x26b`,
    '',
    'but task is already holding lock:',
    `ffff888000f56568 (${held}){+.+.}-{3:3}, at: io_import_iovec+0x5d/0x26b`,
    '',
    'which lock already depends on the new lock.',
    '',
    'the existing dependency chain (in reverse order) is:',
    '',
    `-> #1 (${held}){+.+.}-{3:3}:`,
    ...stack(['__mutex_lock', 'mutex_lock_nested', 'io_sqe_buffers_register', '__x64_sys_io_uring_register']),
    '',
    `-> #0 (${wanted}){+.+.}-{3:3}:`,
    ...stack([
      '__lock_acquire',
      'lock_acquire',
      '__mutex_lock',
      'io_import_iovec',
      'io_read',
      'io_issue_sqe',
    ]),
    '',
    'other info that might help us debug this:',
    '',
    ' Possible unsafe locking scenario:',
    '',
    '       CPU0                    CPU1',
    '       ----                    ----',
    `  lock(${held});`,
    `                               lock(${wanted});`,
    `                               lock(${held});`,
    `  lock(${wanted});`,
    '',
    ' *** DEADLOCK ***',
    '',
    `1 lock held by ${task}:`,
    ` #0: ffff888000f56568 (${held}){+.+.}-{3:3}, at: io_import_iovec+0x5d/0x26b`,
    '',
    'stack backtrace:',
    'CPU: 0 PID: 45 Comm: iou-wrk-43 Not tainted 6.1.192 #3',
    'Call Trace:',
    ' <TASK>',
    ...stack(['dump_stack_lvl', 'print_circular_bug', 'check_noncircular', 'io_import_iovec', 'io_read']),
    ' </TASK>',
  ];
  return body.map((line) => `[    6.564810][   T45] ${line}\n`).join('');
}

const stack = (functions: readonly string[]): string[] =>
  functions.map((name, index) => `       ${name}+0x${(index * 16 + 10).toString(16)}/0x3a7`);

/** What the one report of a text is in a verdict: seen with the patch alone, and held to come from it. */
export function comparisonOf(text: string, more: Partial<ReportComparison>): ReportComparison {
  const [report] = readLog(text);
  if (report === undefined) throw new Error('there is no report in that text');
  return {
    signature: report.signature,
    kind: report.kind,
    title: report.title,
    ...{ base: 0, candidate: 1, new: true, programs: [], console: 'candidate/guest-1/console.log' },
    ...{ start: 0, end: Buffer.byteLength(text) },
    text: report.text,
    explanation: explain(report),
    attribution: {
      cause: 'introduced',
      score: 0.95,
      reason: 'The new order is taken in io_import_iovec, which the patch changes (io_uring/rw.c).',
      evidence: [
        {
          weight: 0.95,
          about: 'io_import_iovec',
          text: 'The new order is taken in io_import_iovec, which the patch changes (io_uring/rw.c).',
        },
      ],
    },
    ...more,
  };
}
