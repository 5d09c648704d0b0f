import type { Header } from '../headers.ts';
import { BYSTANDER, plain } from './bystanders.ts';
import type { Mention } from './frames.ts';
import { interrupted, pick, pickDispatched } from './frames.ts';

/** What there is to name a report by. */
export interface Evidence {
  readonly header: Header;
  /** Message lines from the header on. */
  readonly bodies: readonly string[];
  readonly mentions: readonly Mention[];
}

/** How a report is named: `PREFIX in FUNC`, with `ALT in FUNC` beside it. */
export interface Naming {
  readonly prefix: string;
  readonly type: string;
  /** Undefined: the title names no function; `corrupted`: it should, but the report names none. */
  readonly func?: string;
  readonly alt?: string;
  readonly also?: readonly string[];
  readonly suffix?: string;
  /** The frame when the title itself names none. */
  readonly frame?: string;
}

const BAD = 'bad-access';

const frames = (e: Evidence): string[] => e.mentions.filter((m) => m.how === 'frame').map((m) => m.func);
/** Functions of stacks and instruction pointers; interrupted code in a stack counts as a frame of it. */
const stack = (e: Evidence): string[] => e.mentions.filter((m) => m.how !== 'site').map((m) => m.func);
/** Where locks were taken: of the lock at issue first, then of the ones held. */
const sites = (e: Evidence): string[] => e.mentions.filter((m) => m.how === 'site').map((m) => m.func);
const site = (e: Evidence): string[] => sites(e).slice(0, 1);
const anywhere = (e: Evidence): string[] => e.mentions.map((m) => m.func);
/** The stack after the first `Call Trace` only: instruction pointers above it are registers. */
function trace(e: Evidence): string[] {
  const from = e.bodies.findIndex((b) => /^\s*(?:Call [Tt]race|Backtrace|stack backtrace)/.test(b));
  return from < 0 ? [] : e.mentions.filter((m) => m.how !== 'site' && m.line > from).map((m) => m.func);
}
const upTo = (e: Evidence, end: RegExp): Evidence => {
  const at = e.bodies.findIndex((b, i) => i > 0 && end.test(b));
  return at < 0
    ? e
    : { ...e, bodies: e.bodies.slice(0, at), mentions: e.mentions.filter((m) => m.line < at) };
};
const headFunc = (e: Evidence): string[] => [e.header.groups['func'] ?? ''].filter(Boolean);
const named = (
  prefix: string,
  type: string,
  func: string | undefined,
  more: Partial<Naming> = {},
): Naming => ({
  prefix,
  type,
  func: func ?? 'corrupted',
  ...more,
});
const bare = (prefix: string, type = '', more: Partial<Naming> = {}): Naming => ({ prefix, type, ...more });

function kasan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const head = e.bodies[0] ?? '';
  const cut = upTo(e, /^(?:Allocated|Freed)\b/);
  const func = pick([...headFunc(e), ...trace(cut)]);
  if (/invalid-free|double-free/.test(what))
    return named('KASAN: invalid-free', 'KASAN-INVALID-FREE', func, { alt: 'invalid-free' });
  const access = e.bodies.map((b) => /^(Read|Write) (?:of size|at addr)/.exec(b.trim())?.[1]).find(Boolean);
  const mode = access === 'Write' ? 'WRITE' : 'READ';
  const type = /use-after-free/.test(what)
    ? `KASAN-USE-AFTER-FREE-${mode}`
    : what === 'null-ptr-deref'
      ? `KASAN-NULL-POINTER-DEREFERENCE-${mode}`
      : `KASAN-${mode}`;
  if (access === undefined)
    return bare(anonymous(head.replace(/^.*BUG: /, '')), type, { frame: func ?? '' });
  if (headFunc(e).length === 0 && what === 'null-ptr-deref' && trace(cut).length === 0) return bare(`KASAN: ${what} ${access}`, type);
  return named(`KASAN: ${what} ${access}`, type, func, { alt: BAD });
}

function kfence(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const func = pick([...headFunc(e), ...stack(e)]);
  const mode = what.endsWith('write') ? 'WRITE' : 'READ';
  if (what === 'memory corruption') return named(`KFENCE: ${what}`, 'KFENCE-MEMORY-CORRUPTION', func);
  if (what === 'invalid free')
    return named(`KFENCE: ${what}`, 'KFENCE-INVALID-FREE', func, { alt: 'invalid-free' });
  const type = what.startsWith('use-after-free') ? `KFENCE-USE-AFTER-FREE-${mode}` : `KFENCE-${mode}`;
  return named(`KFENCE: ${what}`, type, func, { alt: BAD });
}

function kcsan(e: Evidence): Naming {
  const { a = '', b } = e.header.groups;
  const assert = e.header.rule.kind === 'kcsan.assert';
  const prefix = assert ? 'KCSAN: assert: race' : 'KCSAN: data-race';
  return named(
    prefix,
    assert ? 'KCSAN-ASSERT' : 'KCSAN-DATARACE',
    a,
    b === undefined ? {} : { suffix: ` / ${b}` },
  );
}

function kmsan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const type = what.includes('infoleak') ? 'KMSAN-INFO-LEAK' : 'KMSAN-UNINIT-VALUE';
  const cut = upTo(e, /^(?:Uninit was|Local variable)/);
  return named(`KMSAN: ${what}`, type, pick([...headFunc(e), ...stack(cut)]), { alt: BAD });
}

function ubsan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? 'undefined-behaviour';
  const func = pick(trace(e));
  return what.includes('out-of-bounds')
    ? named(`UBSAN: ${what}`, 'MEMORY_SAFETY_UBSAN', func, { alt: BAD })
    : named(`UBSAN: ${what}`, 'UBSAN', func);
}

const LOCKDEP_FILE = /^kernel\/locking\/lockdep\.c/;

/** Kinds of WARN that have names of their own, by the function or file that warns. */
function warning(e: Evidence): Naming {
  const proper = e.header.proper ?? e.header;
  const at = proper.groups['at'] ?? '';
  const all = stack(e);
  // The header's function is not enough: without a stack that shows it, syzkaller calls the report corrupted.
  const func = pick(all);
  const warns =
    [proper.groups['func'] ?? '', ...all].find((f) =>
      /^(?:refcount|debug_print_object|kobject_|kmalloc_slab|__vmalloc_node_range|usb_submit_urb)/.test(f),
    ) ?? '';
  if (/^refcount_|^kref_/.test(warns) || e.header.rule.kind === 'refcount')
    return named('WARNING: refcount bug', 'REFCOUNT_WARNING', func);
  if (/^debug_print_object/.test(warns)) return named('WARNING: ODEBUG bug', 'WARNING', pick(all, /^(?:__)?call_rcu/));
  if (/^kobject_/.test(warns)) return named('WARNING: kobject bug', 'WARNING', func);
  if (/^kmalloc_slab/.test(warns)) return named('WARNING: kmalloc bug', 'WARNING', func);
  if (LOCKDEP_FILE.test(at)) return named('WARNING: locking bug', 'LOCKDEP', func);
  if (/^__vmalloc_node_range/.test(warns)) return named('WARNING: zero-size vmalloc', 'WARNING', func);
  if (/^usb_submit_urb/.test(warns))
    return named(
      'WARNING',
      'WARNING',
      pick(all, /^usb_(?:submit_urb|start_wait_urb|bulk_msg|control_msg\w*|interrupt_msg)$/),
      {
        suffix: '/usb_submit_urb',
      },
    );
  return named('WARNING', 'WARNING', func);
}

function stall(e: Evidence): Naming {
  const func = pickDispatched(interrupted(stack(e)));
  return named('INFO: rcu detected stall', 'HANG', func, { alt: 'stall' });
}

/** Waits that a hung task shows besides the ones that any report may show. */
const HANGS =
  /^(?:console_lock|rcu_barrier\w*|p9_client_prepare\w*|request_wait_answer|wait_\w+|__wait_\w+|\w+_wait|kthread_\w+|flush_\w+)$/;

function hung(e: Evidence): Naming {
  const dead = e.header.groups['dead'] !== undefined;
  const own = upTo(e, /^(?:Showing all locks|INFO: task|INFO: lockdep is|NMI backtrace|Kernel panic)/);
  const rest = { ...e, bodies: own.bodies, mentions: own.mentions };
  return named(dead ? "INFO: task can't die" : 'INFO: task hung', 'HANG', pick(stack(rest), HANGS), {
    alt: 'hang',
  });
}

/** `INFO:` up to 4.11, `WARNING:` since 4.12: syzkaller keeps them apart. */
const sign = (e: Evidence): string => /^(?:\[ )?(INFO|BUG|WARNING):/.exec(e.header.text)?.[1] ?? 'WARNING';

function lockdep(e: Evidence): Naming | undefined {
  const { kind } = e.header.rule;
  if (/circular|recursive|irq-inversion/.test(kind))
    return sites(e).length === 0
      ? bare(
          `${sign(e)}: ${e.header.text.replace(/^\[ |^\w+: |\[ \w+: | \]$/g, '').replace(/^\w+: /, '')}`,
          'WARNING',
        )
      : named('possible deadlock', 'LOCKDEP', pick(sites(e).slice(0, 2)) ?? pick(trace(e)));
  if (kind.startsWith('lockdep.safe-unsafe')) {
    const at = e.bodies.findIndex((b) => /irq-(?:READ-)?safe at:/.test(b));
    const earlier = e.mentions.filter((m) => at >= 0 && m.line > at && m.how === 'frame').map((m) => m.func);
    return named('possible deadlock', 'LOCKDEP', pick(earlier) ?? pick(sites(e)));
  }
  if (kind === 'lockdep.inconsistent')
    return named('inconsistent lock state', 'LOCKDEP', pick([...site(e), ...trace(e)]));
  if (kind === 'lockdep.wait-context')
    return named('WARNING: locking bug', 'LOCKDEP', pick([...site(e), ...trace(e)]));
  return heldLocks(e);
}

function heldLocks(e: Evidence): Naming | undefined {
  const { kind } = e.header.rule;
  const type = sign(e) === 'INFO' ? '' : 'LOCKDEP';
  if (kind === 'lockdep.rcu') {
    // Without its stack the report says no more than its header.
    if (!e.bodies.some((b) => /other info that might|Call Trace|stack backtrace/.test(b)))
      return bare(`${sign(e)}: suspicious RCU usage`, 'WARNING');
    return named(`${sign(e)}: suspicious RCU usage`, type, pick(trace(e)));
  }
  if (kind === 'lockdep.unlock-balance')
    return named(`${sign(e)}: bad unlock balance`, 'LOCKDEP', pick(anywhere(e)));
  if (kind === 'lockdep.held-freed')
    return named(`${sign(e)}: held lock freed`, 'LOCKDEP', pick([...site(e), ...trace(e)]));
  if (kind === 'lockdep.still-held')
    return named(`${sign(e)}: still has locks held`, 'LOCKDEP', pick(sites(e)));
  if (kind === 'lockdep.ret-user')
    return named(
      `${sign(e)}: lock held when returning to user space`,
      sign(e) === 'WARNING' ? 'LOCKDEP' : '',
      pick(sites(e)),
    );
  if (kind === 'lockdep.nested')
    return named(`${sign(e)}: Nested lock was not taken`, 'LOCKDEP', pick(trace(e)));
  if (kind === 'lockdep.contention')
    return named(`${sign(e)}: bad contention`, 'LOCKDEP', pick([...site(e), ...trace(e)]));
  if (kind === 'lockdep.nonstatic')
    return named('INFO: trying to register non-static key', '', pick(trace(e)));
  if (kind === 'lockdep.subclass') return bare('BUG: looking up invalid subclass: NUM');
  if (kind.startsWith('lockdep.off.')) return bare(e.header.text);
  return undefined;
}

/** Takes out of a line what differs from run to run: offsets, addresses, numbers, in syzkaller's words. */
export const anonymous = (text: string): string =>
  text
    .trim()
    .replace(/\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}/g, '')
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b/g, 'ADDR')
    .replace(/\b\d+\b|\d{5,}/g, 'NUM')
    .slice(0, 120);

type Rule = (e: Evidence) => Naming | undefined;

const fault =
  (prefix: string, type: string, alt?: string): Rule =>
  (e) =>
    named(prefix, type, pick(stack(e)), alt === undefined ? {} : { alt });
const traced =
  (prefix: string, type: string): Rule =>
  (e) =>
    named(prefix, type, pick(trace(e)));
const overflow =
  (prefix: string, type: string): Rule =>
  (e) =>
    named(prefix, type, pickDispatched(stack(e)), { alt: 'stack-overflow' });

const RULES: readonly (readonly [RegExp, Rule])[] = [
  [/^lockdep\./, lockdep],
  [/^kasan/, kasan],
  [/^kfence/, kfence],
  [/^kcsan/, kcsan],
  [/^kmsan/, kmsan],
  [/^ubsan/, ubsan],
  [
    /^kmemleak\.raw/,
    (e) =>
      /memory leak/.test(e.header.text)
        ? named('memory leak', 'LEAK', pick(frames(e), /alloc|^idr_|^radix_tree|^create_object/))
        : undefined,
  ],
  [/^rcu\.(?:stall|tasks)/, stall],
  [/^softlockup/, (e) => named('BUG: soft lockup', 'HANG', pickDispatched(stack(e)), { alt: 'stall' })],
  [/^hung\.task/, hung],
  [/^sched\.sleep/, traced('BUG: sleeping function called from invalid context', 'ATOMIC_SLEEP')],
  [/^sched\.atomic/, traced('BUG: scheduling while atomic', 'ATOMIC_SLEEP')],
  [
    /^sched\.preempt/,
    (e) => named(`BUG: using ${e.header.groups['what']}() in preemptible code`, 'LOCKDEP', pick(trace(e))),
  ],
  [/^spinlock/, (e) => named(`BUG: spinlock ${e.header.groups['what']}`, 'LOCKDEP', pick(trace(e)))],
  [/^rwlock/, (e) => named(`BUG: rwlock ${e.header.groups['what']}`, 'LOCKDEP', pick(trace(e)))],
  [/^wq\.lockup/, () => bare('BUG: workqueue lockup')],
  [/^wq\.leak/, (e) => named(e.header.text.replace(/: $/, ''), '', lastFunction(e))],
  [
    /^list\./,
    (e) =>
      e.header.proper?.rule.kind === 'bug'
        ? named('BUG: corrupted list', 'MEMORY_SAFETY_BUG', pick(stack(e)), { alt: BAD })
        : e.header.proper && warning(e),
  ],
  [/^usercopy/, (e) => e.header.proper && named('BUG: bad usercopy', 'BUG', pick(stack(e)))],
  [
    /^(?:fortify|dma)/,
    (e) =>
      e.header.proper && (e.header.proper.rule.kind === 'bug' ? fault('kernel BUG', 'BUG')(e) : warning(e)),
  ],
  [/^(?:refcount|odebug|lockdep\.internal|rwsem|sched\.rcu-voluntary)/, (e) => e.header.proper && warning(e)],
  [/^warn\.(?:old|new|cond)/, warning],
  [/^warn\.text/, warnText],
  [
    /^bug$/,
    (e) =>
      (/\bmm\/usercopy\.c/.test(e.header.text)
        ? fault('BUG: bad usercopy', 'BUG')
        : /list_debug\.c/.test(e.header.text)
          ? fault('BUG: corrupted list', 'MEMORY_SAFETY_BUG', BAD)
          : fault('kernel BUG', 'BUG'))(e),
  ],
  [
    /^oops\.null/,
    fault('BUG: unable to handle kernel NULL pointer dereference', 'NULL-POINTER-DEREFERENCE', BAD),
  ],
  [/^oops\.page/, fault('BUG: unable to handle kernel paging request', 'MEMORY_SAFETY_BUG', BAD)],
  [/^oops\.arm64/, armFault],
  [/^oops\.gpf/, fault('general protection fault', 'DoS', BAD)],
  [/^oops\.divide/, fault('divide error', 'DoS')],
  [/^oops\.invop/, fault('invalid opcode', 'DoS')],
  [/^oops\.fault/, fault('Unhandled fault', 'DoS', BAD)],
  [/^oops\.alignment/, (e) => named('Alignment trap', 'DoS', pick(frames(e)))],
  [/^oops\.doublefault/, traced('PANIC: double fault', 'DoS')],
  [/^oops\.stackguard/, overflow('BUG: stack guard page was hit', '')],
  [/^panic\.stack/, (e) => named('kernel panic: stack is corrupted', 'DoS', pick([...headFunc(e).filter((f) => !/^[0-9a-f]+$/.test(f)), ...trace(e)]))],
  [/^(?:panic|init)$/, panicNaming],
  [/^bad\.page/, (e) => named('BUG: Bad page state', '', pick(trace(e), /alloc/) ?? pick(stack(e), /alloc/))],
  [/^slub(?!\.track)/, (e) => bare(`BUG: ${anonymous((e.bodies[0] ?? '').replace(/^.*\): /, ''))}`, 'DoS')],
  [
    /^dentry/,
    (e) =>
      bare('BUG: Dentry still in use in unmount', '', { frame: 'unmount',
        also: [`BUG: Dentry still in use ${/\[unmount of [^\]]{1,80}\]/.exec(e.bodies[0] ?? '')?.[0] ?? ''}`],
      }),
  ],
  [/^vfs\.busy/, () => bare('VFS: Busy inodes after unmount (use-after-free)', 'DoS')],
  [/^bug\.rust/, (e) => named((e.bodies[1] ?? '').trim(), '', pick(trace(e), /panicking|rust_begin_unwind/))],
  [/^bug\.text/, (e) => bare(anonymous(e.bodies[0] ?? ''), 'BUG')],
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
  [/^slub\.track/, (e) => bare(anonymous(e.bodies[0] ?? ''), '', { frame: headFunc(e)[0] ?? '' })],
];

function lastFunction(e: Evidence): string | undefined {
  const m = e.bodies.map((b) => /last function: (\S{1,200})/.exec(b)?.[1]).find(Boolean);
  return m?.replace(/\+0x.*$/, '');
}

function warnText(e: Evidence): Naming {
  const text = e.header.groups['text'] ?? '';
  const unwind = /^(kernel stack (?:regs|frame pointer)) at .* has bad (?:'(\w+)' )?value/.exec(text);
  if (unwind !== null)
    return bare(`WARNING: ${unwind[1]} has bad ${unwind[2] ? `'${unwind[2]}' ` : ''}value`);
  return bare(`WARNING: ${anonymous(text)}`, 'WARNING');
}

function armFault(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  if (/NULL pointer/i.test(what))
    return fault(
      'BUG: unable to handle kernel NULL pointer dereference',
      'NULL-POINTER-DEREFERENCE',
      BAD,
    )(e) as Naming;
  if (/paging request|user memory/i.test(what))
    return fault('BUG: unable to handle kernel paging request', 'MEMORY_SAFETY_BUG', BAD)(e) as Naming;
  return named('Internal error', 'DoS', pick(stack(e)), { alt: BAD });
}

function panicNaming(e: Evidence): Naming {
  const why = (e.header.groups['why'] ?? e.header.text.replace(/^.*not syncing: /, '')).trim();
  if (/corrupted stack end/.test(why))
    return overflow('kernel panic: corrupted stack end', 'DoS')(e) as Naming;
  if (/^Fatal exception/.test(why)) return bare('kernel panic: Fatal exception', 'DoS');
  if (/^Attempted to kill init/.test(why)) return bare('kernel panic: Attempted to kill init!', 'DoS');
  if (/^Couldn't open N_TTY ldisc/.test(why)) return bare("kernel panic: Couldn't open N_TTY ldisc", 'DoS');
  return bare(`kernel panic: ${anonymous(why)}`, 'DoS');
}

function trusty(e: Evidence): Naming {
  const what = e.bodies.map((b) => /ASSERT FAILED at \(.{0,200}?\): ?(.{0,100})/.exec(b)?.[1]).find((m) => m !== undefined);
  return bare(`trusty: ASSERT FAILED: ${what ?? ''}`.trim(), 'DoS');
}

/** The first rule for the report's kind; undefined when syzkaller takes no such report for a crash. */
export function namingOf(e: Evidence): Naming | undefined {
  return RULES.find(([kind]) => kind.test(e.header.rule.kind))?.[1](e);
}
