import { describe, expect, test } from 'vitest';
import { LogReader, readLog } from './index.ts';

const CIRCULAR = `
======================================================
WARNING: possible circular locking dependency detected
6.1.0 #1 Not tainted
------------------------------------------------------
racer/71 is trying to acquire lock:
ffff888001234567 (&ctx->uring_lock){+.+.}-{3:3}, at: io_take+0x12/0x40

but task is already holding lock:
ffff888001234890 (&ctx->buf_lock){+.+.}-{3:3}, at: io_hold+0x22/0x50

which lock already depends on the new lock.


the existing dependency chain (in reverse order) is:

-> #1 (&ctx->buf_lock){+.+.}-{3:3}:
       __mutex_lock+0x9d/0x6e0
       io_register+0x40/0x80
       do_syscall_64+0x3c/0x90

-> #0 (&ctx->uring_lock){+.+.}-{3:3}:
       check_prev_add+0x10/0x20
       __lock_acquire+0x1253/0x1e00
       lock_acquire+0xc4/0x2c0
       __mutex_lock+0x9d/0x6e0
       io_take+0x12/0x40
       do_syscall_64+0x3c/0x90

other info that might help us debug this:

 Possible unsafe locking scenario:

       CPU0                    CPU1
       ----                    ----
  lock(&ctx->buf_lock);
                               lock(&ctx->uring_lock);
                               lock(&ctx->buf_lock);
  lock(&ctx->uring_lock);

 *** DEADLOCK ***

1 lock held by racer/71:
 #0: ffff888001234890 (&ctx->buf_lock){+.+.}-{3:3}, at: io_hold+0x22/0x50

stack backtrace:
CPU: 1 PID: 71 Comm: racer Not tainted 6.1.0 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x45/0x5c
 io_take+0x12/0x40
 ? io_maybe+0x1/0x2
 do_syscall_64+0x3c/0x90
 </TASK>
`;

const stamp = (text: string, caller = 'T71'): string =>
  text
    .split('\n')
    .map((l, i) => `[${(10 + i / 1000).toFixed(6).padStart(12)}][${caller.padStart(6)}] ${l}`)
    .join('\n');

describe('readLog', () => {
  test('finds a circular dependency among ordinary lines', () => {
    const log = `${stamp('Linux version 6.1\nRun /init as init process', 'T1')}\n${stamp(CIRCULAR)}\n${stamp('all\nis\nwell\nagain\nhere')}\n`;
    const [report, ...more] = readLog(log);
    expect(more).toEqual([]);
    expect(report?.kind).toBe('lockdep.circular');
    expect(report?.title).toBe('possible circular locking dependency: &ctx->buf_lock -> &ctx->uring_lock');
    expect(report?.signature).toBe('lockdep.circular: &ctx->buf_lock -> &ctx->uring_lock');
    expect(report?.task).toEqual({ comm: 'racer', pid: 71 });
    expect(log.slice(report?.start).split('\n')[0]).toMatch(/WARNING: possible circular/);
    expect(report?.text).toContain('</TASK>');
    expect(report?.text).not.toContain('well');
    expect(report?.lockdep?.edges.map((e) => [e.from.name, e.to.name, e.acquiredIn, e.how])).toEqual([
      ['&ctx->uring_lock', '&ctx->buf_lock', 'io_register', 'recorded'],
      ['&ctx->buf_lock', '&ctx->uring_lock', 'io_take', 'new'],
    ]);
  });

  test('gives the same reports for every way of cutting the input', () => {
    const log = Buffer.from(`boot\n${stamp(CIRCULAR)}\n${stamp('a\nb\nc\nd')}\n`);
    const whole = readLog(log);
    for (const size of [1, 7, 64, 1000]) {
      const reader = new LogReader();
      const found = [];
      for (let at = 0; at < log.length; at += size) found.push(...reader.push(log.subarray(at, at + size)));
      found.push(...reader.end());
      expect(found).toEqual(whole);
    }
  });

  test('keeps two reports apart that two contexts print at once', () => {
    const a = stamp(CIRCULAR, 'T71').split('\n');
    const b = stamp(
      CIRCULAR.replaceAll('uring_lock', 'other_lock').replaceAll('racer/71', 'rival/72'),
      'T72',
    ).split('\n');
    const reports = readLog(a.flatMap((line, i) => [line, b[i] ?? '']).join('\n'));
    expect(reports.map((r) => r.signature)).toEqual([
      'lockdep.circular: &ctx->buf_lock -> &ctx->uring_lock',
      'lockdep.circular: &ctx->buf_lock -> &ctx->other_lock',
    ]);
    expect(reports[0]?.text).not.toContain('rival');
  });
});

describe('headers with several forms', () => {
  const STACK = ['Call Trace:', ' <TASK>', ' foo+0x1/0x2', ' bar+0x3/0x4', ' </TASK>', ''].join('\n');
  test.each([
    ['WARNING: at foo+0x1/0x2, CPU#0: sh/42', 'warn.new', 'WARNING in foo'],
    ['WARNING: lib/a.c:1 at foo+0x1/0x2, CPU#0: sh/42', 'warn.new', 'WARNING in foo at lib/a.c'],
    ['WARNING: CPU: 0 PID: 42 at foo+0x1/0x2', 'warn.old', 'WARNING in foo'],
    [
      'rcu: INFO: rcu_preempt detected expedited stalls, but suppressed full report due to a stuck CSD-lock.',
      'rcu.stall.csd',
      'rcu_preempt detected stall, report suppressed by a stuck CSD lock',
    ],
    ['list_add double add: new=ffff8880, prev=ffff8880, next=ffff8881.', 'list.add', 'list_add double add'],
  ])('%s', (line, kind, title) => {
    const [report] = readLog(`${line}\n${STACK}`);
    expect({ kind: report?.kind, title: report?.title }).toEqual({ kind, title });
  });
});

describe('a line of signs between two reports', () => {
  const HUNG = [
    'INFO: task a:1 blocked for more than 3 seconds.',
    'Call Trace:',
    ' foo+0x1/0x2',
    'Showing all locks held in the system:',
    '1 lock held by a/1:',
  ];
  const CLOSING = '=============================================';
  const first = (text: string | undefined): string | undefined => text?.split('\n')[0];
  const last = (text: string | undefined): string | undefined => text?.trimEnd().split('\n').at(-1);

  test('closes the first where the second has none', () => {
    const [one, two] = readLog(`${[...HUNG, CLOSING, '', ...HUNG, CLOSING].join('\n')}\n`);
    expect(last(one?.text)).toBe(CLOSING);
    expect(first(two?.text)).toBe(HUNG[0]);
    expect(two?.lead).toBe(two?.start);
  });

  test('belongs to the second where that begins with one', () => {
    const [one, two] = readLog(`${HUNG.join('\n')}\n\n${CIRCULAR.trimStart()}\n`);
    expect(last(one?.text)).toBe('1 lock held by a/1:');
    expect(first(two?.text)).toMatch(/^=+$/);
  });
});

describe('a damaged object, as SLUB of 7.2 reports it,', () => {
  const log = (what: string): string =>
    [
      `[    1.000000][   T42] [${what} overwritten] 0xffff888004449440-0xffff888004449440 @offset=1088. First byte 0x1 instead of 0xcc`,
      `[    1.000000][   T42] ${'='.repeat(77)}`,
      '[    1.000000][   T42] BUG kmalloc-64 (Not tainted): Object corrupt',
      `[    1.000000][   T42] ${'-'.repeat(77)}`,
      '[    1.000000][   T42] ',
      '[    1.000000][   T42] Call Trace:',
      '[    1.000000][   T42]  check_object+0x1/0x2',
      '[    1.000000][   T42]  kfree+0x1/0x2',
      '[    1.000000][   T42]  io_free+0x1/0x2',
      '',
    ].join('\n');

  test.each([
    ['Right Redzone', 'slub.redzone', 'BUG kmalloc-64: redzone overwritten in io_free'],
    ['Poison', 'slub', 'BUG kmalloc-64: poison overwritten in io_free'],
  ])('%s', (what, kind, title) => {
    const reports = readLog(log(what));
    expect(reports.map((r) => [r.kind, r.title, r.corrupted])).toEqual([[kind, title, undefined]]);
    expect(reports[0]?.text.split('\n')[0]).toContain(what);
  });
});

describe('the line that names the machine', () => {
  const read = (line: string): unknown => {
    const [report] = readLog(`BUG: sleeping function called from invalid context at a.c:1\n${line}\n`);
    return [report?.task?.comm, report?.taint, report?.release];
  };

  test.each([
    ['CPU: 0 PID: 1 Comm: sh Not tainted 6.1.192 #3 ', ['sh', undefined, '6.1.192']],
    ['CPU: 0 PID: 1 Comm: a b Tainted: G        W          6.1.192 #3 ', ['a b', 'G W', '6.1.192']],
    [
      'CPU: 0 UID: 0 PID: 1 Comm: sh Tainted: G    B   W           7.2.13 #1 PREEMPT(full)',
      ['sh', 'G B W', '7.2.13'],
    ],
    [
      'CPU: 0 PID: 1 Comm: sh Kdump: loaded Tainted: P           OE      5.14.0-1 #1',
      ['sh', 'P OE', '5.14.0-1'],
    ],
  ])('%s', (line, told) => {
    expect(read(line)).toEqual(told);
  });
});
