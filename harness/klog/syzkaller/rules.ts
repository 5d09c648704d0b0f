import type { Evidence, Naming, Rule } from './evidence.ts';
import {
  anonymous,
  BAD,
  bare,
  fault,
  fromPointer,
  headFunc,
  named,
  stack,
  trace,
  traced,
  upTo,
} from './evidence.ts';
import { interrupted, pick, pickDispatched } from './frames.ts';
import { lockdep, spinlock } from './locks.ts';
import { badPage, kasan, kcsan, kfence, kmsan, leak, ubsan } from './memory.ts';
import { warning, warnText } from './warning.ts';

/** Recursion that ate the stack passes any function: it is known by the one that a dispatcher called. */
const overflow =
  (prefix: string, type: string): Rule =>
  (e) =>
    named(prefix, type, pickDispatched(stack(e)), { alt: 'stack-overflow' });

const rcuStall: Rule = (e) => {
  const below = interrupted(stack(e));
  // Since 6.1 a CPU that notices its own stall shows the interrupted registers at once, not the interrupt.
  const direct = e.header.rule.kind === 'rcu.stall.self' && below.length === 0 ? fromPointer(e) : below;
  return named('INFO: rcu detected stall', 'HANG', pickDispatched(direct), { alt: 'stall' });
};

const softLockup: Rule = (e) => named('BUG: soft lockup', 'HANG', pickDispatched(stack(e)), { alt: 'stall' });

/** Waits that a hung task shows besides the ones that any report may show. */
const WAITS =
  /^(?:console_lock|rcu_barrier\w*|__?synchronize_srcu\w*|wait_\w+|__wait_\w+|\w*wait_for_completion\w*|kthread_\w+|flush_\w+)$/;

function hung(e: Evidence): Naming {
  const own = upTo(
    e,
    /^(?:Showing all locks|INFO: task (?!.{1,120} likely )|INFO: lockdep is|NMI backtrace|Kernel panic)/,
  );
  const prefix = e.header.groups['dead'] === undefined ? 'INFO: task hung' : "INFO: task can't die";
  return named(prefix, 'HANG', pick(stack(own), WAITS), { alt: 'hang' });
}

const listBug = fault('BUG: corrupted list', 'MEMORY_SAFETY_BUG', BAD);
const usercopyBug = fault('BUG: bad usercopy', 'BUG');
const plainBug = fault('kernel BUG', 'BUG');

/** BUG() in the list and usercopy checks has names of its own. */
const bug: Rule = (e) => {
  const { at = '' } = (e.header.proper ?? e.header).groups;
  return (at.endsWith('list_debug.c') ? listBug : at.endsWith('mm/usercopy.c') ? usercopyBug : plainBug)(e);
};

/** A check that announced itself is known by the WARN or BUG that followed. */
const announced: Rule = (e) => e.header.proper && (e.header.proper.rule.kind === 'bug' ? bug(e) : warning(e));

const NULL_BUG = fault(
  'BUG: unable to handle kernel NULL pointer dereference',
  'NULL-POINTER-DEREFERENCE',
  BAD,
);
const PAGE_BUG = fault('BUG: unable to handle kernel paging request', 'MEMORY_SAFETY_BUG', BAD);

const armFault: Rule = (e) => {
  const what = e.header.groups['what'] ?? '';
  if (/NULL pointer/i.test(what)) return NULL_BUG(e);
  if (/user memory/i.test(what))
    return fault('BUG: unable to handle kernel access to user memory', 'MEMORY_SAFETY_BUG', BAD)(e);
  return (/paging request/i.test(what) ? PAGE_BUG : fault('Internal error', 'DoS', BAD))(e);
};

/** Reasons to panic whose rest differs from run to run. */
const REASONS = ['Fatal exception', "Couldn't open N_TTY ldisc", 'Attempted to kill init!'] as const;

const panic: Rule = (e) => {
  const why = (e.header.groups['why'] ?? e.header.text.replace(/^.*not syncing: /, '')).trim();
  if (why.includes('corrupted stack end')) return overflow('kernel panic: corrupted stack end', 'DoS')(e);
  return bare(`kernel panic: ${REASONS.find((r) => why.startsWith(r)) ?? anonymous(why)}`, 'DoS');
};

const stackProtector: Rule = (e) => {
  const head = headFunc(e).filter((f) => !/^[0-9a-f]+$/.test(f));
  return named('kernel panic: stack is corrupted', 'DoS', pick([...head, ...trace(e)]));
};

/** `workqueue.c` names the work function itself. */
const leakedWork: Rule = (e) => {
  const last = e.bodies.map((b) => /(?:last function: |workfn=)([^\s+]{1,200})/.exec(b)?.[1]).find(Boolean);
  return named(e.header.text.replace(/: $/, ''), '', last);
};

const dentry: Rule = (e) => {
  const mount = /\[unmount of [^\]]{1,80}\]/.exec(e.bodies[0] ?? '')?.[0] ?? '';
  const also = [`BUG: Dentry still in use ${mount}`];
  return bare('BUG: Dentry still in use in unmount', '', { frame: 'unmount', also });
};

const trusty: Rule = (e) => {
  const text = e.bodies.map((b) => /ASSERT FAILED at \(.{0,200}?\): ?(.{0,100})/.exec(b)?.[1]).find(Boolean);
  return bare(`trusty: ASSERT FAILED: ${text ?? ''}`.trim(), 'DoS');
};

const rustPanic: Rule = (e) =>
  named((e.bodies[1] ?? '').trim(), '', pick(trace(e), /core::panicking|rust_begin_unwind/));

/** The CPU's exception by its name in the header. */
const trap: Rule = (e) => {
  const what = e.header.groups['what'] ?? 'trap';
  return fault(what === 'stack segment' ? 'stack segment fault' : what, 'DoS')(e);
};

/** Lines that open like a crash but have no format of their own stand as they are. */
const asIs: Rule = (e) => {
  const line = anonymous((e.bodies[0] ?? '').replace(/ in process .{1,64}$/, ''));
  return /^(?:BUG|WARNING|INFO): /.test(line) ? bare(line, line.startsWith('BUG') ? 'BUG' : '') : undefined;
};

const RULES: readonly (readonly [RegExp, Rule])[] = [
  [/^lockdep\.internal/, announced],
  [/^lockdep\./, lockdep],
  [/^(?:spinlock|rwlock)/, spinlock],
  [/^kasan/, kasan],
  [/^kfence/, kfence],
  [/^kcsan/, kcsan],
  [/^kmsan/, kmsan],
  [/^ubsan/, ubsan],
  [/^kmemleak\.raw/, leak],
  [/^rcu\.(?:stall|tasks)/, rcuStall],
  [/^softlockup/, softLockup],
  [/^hung\.task/, hung],
  [/^sched\.sleep/, traced('BUG: sleeping function called from invalid context', 'ATOMIC_SLEEP')],
  [/^sched\.atomic/, traced('BUG: scheduling while atomic', 'ATOMIC_SLEEP')],
  [
    /^sched\.preempt/,
    (e) => traced(`BUG: using ${e.header.groups['what']}() in preemptible code`, 'LOCKDEP')(e),
  ],
  [/^wq\.lockup/, () => bare('BUG: workqueue lockup')],
  [/^wq\.leak/, leakedWork],
  [/^(?:list|usercopy|fortify|dma|refcount|odebug|rwsem|sched\.rcu-voluntary)/, announced],
  [/^warn\.(?:old|new|cond)/, warning],
  [/^warn\.text/, warnText],
  [/^bug$/, bug],
  [/^oops\.null/, NULL_BUG],
  [/^oops\.page/, PAGE_BUG],
  [/^oops\.arm64/, armFault],
  [/^oops\.gpf/, fault('general protection fault', 'DoS', BAD)],
  [/^oops\.divide/, fault('divide error', 'DoS')],
  [/^oops\.invop/, fault('invalid opcode', 'DoS')],
  [/^oops\.trap/, trap],
  [/^oops\.cfi/, fault('CFI failure', 'DoS')],
  [/^oops\.fault/, fault('Unhandled fault', 'DoS', BAD)],
  [/^oops\.alignment/, traced('Alignment trap', 'DoS')],
  [/^oops\.doublefault/, traced('PANIC: double fault', 'DoS')],
  [/^oops\.stackguard/, overflow('BUG: stack guard page was hit', '')],
  [/^panic\.stack/, stackProtector],
  [/^(?:panic|init)$/, panic],
  [/^bad\.page/, badPage],
  [/^bad\.map/, () => bare('BUG: Bad page map')],
  [/^bad\.rss/, () => bare('BUG: Bad rss-counter state')],
  [/^(?:pgtables|mempool)/, (e) => bare(anonymous(e.bodies[0] ?? ''))],
  [/^slub\.track/, (e) => bare(anonymous(e.bodies[0] ?? ''), '', { frame: headFunc(e)[0] ?? '' })],
  [/^slub/, (e) => bare(`BUG: ${anonymous((e.bodies[0] ?? '').replace(/^.*\): /, ''))}`, 'DoS')],
  [/^dentry/, dentry],
  [/^vfs\.busy/, () => bare('VFS: Busy inodes after unmount (use-after-free)', 'DoS')],
  [/^bug\.rust/, rustPanic],
  [/^bug\.text/, (e) => bare(anonymous(e.bodies[0] ?? ''), 'BUG')],
  [/^netdev/, () => bare('unregister_netdevice: waiting for DEV to become free')],
  [/^trusty/, trusty],
  [
    /^tool\.syzkaller/,
    (e) =>
      bare(
        anonymous(e.header.text),
        'SYZ_FAILURE',
        e.header.text.startsWith('SYZFATAL') ? { also: ['SYZFATAL'] } : {},
      ),
  ],
  [/^(?:sched\.|rtmutex|lockdep)/, asIs],
];

/** The first rule for the report's kind that has a name; undefined when syzkaller takes no such report for a crash. */
export function namingOf(e: Evidence): Naming | undefined {
  for (const [kind, rule] of RULES) {
    const naming = kind.test(e.header.rule.kind) ? rule(e) : undefined;
    if (naming !== undefined) return naming;
  }
  return undefined;
}
