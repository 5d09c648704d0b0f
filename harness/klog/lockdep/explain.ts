import { className } from './lock.ts';
import type { LockClass, LockdepReport, LockEdge, LockUse } from './types.ts';

/** A lockdep report with what an explanation needs besides. */
export interface Explained {
  /** Kind without `lockdep.`. */
  readonly kind: string;
  /** `racer (pid 71)` or `a task`. */
  readonly who: string;
  readonly report: LockdepReport;
}

const MAX_EDGES = 4;

const inFunc = (func: string | undefined): string => (func === undefined ? '' : ` in ${func}`);
const atSite = (use: LockUse | undefined): string => inFunc(use?.at?.func);
const name = (use: LockUse | undefined): string => (use === undefined ? 'a lock' : className(use.lock));
/** At the head of a sentence; names of tasks stay as they are. */
const upper = (who: string): string => (who === 'a task' ? 'A task' : who);

/** What usually helps against a cycle, by the kind of locks in it. */
function cycleFix(cycle: readonly LockClass[]): string {
  const names = cycle.map((c) => c.name);
  if (names.some((n) => /^\((?:wq|work)_completion\)/.test(n)))
    return 'Usual fix: flush or cancel the work before taking the lock that the work itself takes, or after giving it up.';
  if (names.some((n) => n.startsWith('(completion)')))
    return 'Usual fix: do not wait for the completion while holding a lock that its completer needs.';
  if (names.some((n) => /mmap_(?:lock|sem)/.test(n)))
    return 'Usual fix: touch user memory (which may fault and take mmap_lock) before taking the lock, or after giving it up.';
  return 'Usual fix: take these locks in one order everywhere, or give up the outer one before taking the inner one.';
}

function tellEdge(e: LockEdge, who: string, held: LockUse | undefined): string {
  const [from, to] = [className(e.from), className(e.to)];
  if (e.how === 'new')
    return `New: ${who} holds ${from}${atSite(held)} and takes ${to}${inFunc(e.acquiredIn)}.`;
  if (e.how === 'interrupt') return `An interrupt may take ${to} while its CPU holds ${from}.`;
  return `Recorded before: ${to} was taken${inFunc(e.acquiredIn)} while ${from} was held.`;
}

function tellEdges({ who, report }: Explained): string[] {
  const fresh = report.edges.filter((e) => e.how === 'new');
  const recorded = report.edges.filter((e) => e.how === 'recorded');
  const told = [...fresh, ...recorded.slice(0, MAX_EDGES)].map((e) => tellEdge(e, who, report.against));
  const more = recorded.length - MAX_EDGES;
  return more > 0 ? [...told, `${more} more recorded orders lie between.`] : told;
}

function circular(x: Explained): string[] {
  const { cycle, incomplete } = x.report;
  if (incomplete !== undefined)
    return [
      `${upper(x.who)} takes ${name(x.report.wanted)}${atSite(x.report.wanted)} while holding ${name(x.report.against)}${atSite(x.report.against)}.`,
      `That contradicts an order recorded before, but the log lost ${incomplete}.`,
    ];
  return [
    `${upper(x.who)} takes locks in an order that closes a circle of ${cycle.length} lock classes.`,
    ...tellEdges(x),
    'When all of these happen at once, each holder waits for the next one and none goes on.',
    cycleFix(cycle),
  ];
}

function recursive({ who, report }: Explained): string[] {
  const [wanted, held] = [report.wanted, report.against];
  const same = wanted?.address !== undefined && wanted.address === held?.address;
  return [
    `${upper(who)} takes ${name(wanted)}${atSite(wanted)} while it already holds ${name(held)}${atSite(held)}.`,
    same
      ? 'It is the very same lock: the task waits for itself and never goes on.'
      : 'They are two locks of one class: nothing says which comes first, so two tasks may take them in opposite orders.',
    same
      ? 'Usual fix: pass down that the lock is held, or split the function into a locked and an unlocked one.'
      : 'Usual fix: order the two (by address, say) and take the second one with a nesting level: mutex_lock_nested().',
  ];
}

const IRQ_NAME = { HARDIRQ: 'hard interrupts', SOFTIRQ: 'soft interrupts' } as const;
const irqOf = (state: string): 'HARDIRQ' | 'SOFTIRQ' => (state.includes('SOFTIRQ') ? 'SOFTIRQ' : 'HARDIRQ');

/** `IN-SOFTIRQ-W` and the like in words (usage_str, lockdep_states.h). */
function tellState(state: string): string {
  const irq = IRQ_NAME[irqOf(state)];
  return state.startsWith('IN-') ? `inside ${irq}` : `with ${irq} enabled`;
}

const irqFix = (irq: 'HARDIRQ' | 'SOFTIRQ'): string =>
  irq === 'HARDIRQ'
    ? 'Usual fix: take the lock with interrupts off everywhere outside of them: spin_lock_irqsave().'
    : 'Usual fix: take the lock with soft interrupts off everywhere outside of them: spin_lock_bh().';

function inconsistent({ who, report }: Explained): string[] {
  const { usage, wanted } = report;
  if (usage === undefined)
    return [
      `${upper(who)} takes ${name(wanted)}${atSite(wanted)} in a state that contradicts an earlier one.`,
    ];
  const first = usage.trace?.frames.find((f) => f.func !== undefined && !/lock|^mark_/.test(f.func))?.func;
  return [
    `${upper(who)} takes ${name(wanted)}${atSite(wanted)} ${tellState(usage.now)}.`,
    `Before, it was taken ${tellState(usage.before)}${inFunc(first)}.`,
    'An interrupt that comes while its own CPU holds the lock then waits for the lock for ever.',
    irqFix(irqOf(usage.now)),
  ];
}

function inversion(x: Explained): string[] {
  const { report, kind, who } = x;
  const irq =
    kind.endsWith('softirq') || report.notes.some((n) => n.includes('SOFTIRQ')) ? 'SOFTIRQ' : 'HARDIRQ';
  const closing = report.edges.find((e) => e.how === 'interrupt');
  const [safe, unsafe] = [closing?.to, closing?.from];
  const usedIn = (lock: LockClass | undefined, how: string): string => {
    const history = report.histories.find((h) => lock !== undefined && className(h.lock) === className(lock));
    const state = history?.states.find((s) => s.state.startsWith(how));
    return inFunc(
      state?.trace.frames.find((f) => f.func !== undefined && !/^_?_?(?:raw_|lock_|_raw)/.test(f.func))?.func,
    );
  };
  return [
    safe === undefined || unsafe === undefined
      ? `${upper(who)} orders a lock used in ${IRQ_NAME[irq]} before one that is taken with them enabled.`
      : `${className(safe)} is used inside ${IRQ_NAME[irq]}${usedIn(safe, `IN-${irq}`)}; ${className(unsafe)} is taken with them enabled${usedIn(unsafe, `${irq}-ON-`)}.`,
    ...tellEdges(x),
    `${IRQ_NAME[irq] === 'hard interrupts' ? 'A hard' : 'A soft'} interrupt on the CPU that holds the second lock can wait for the first one, whose holder waits for the second.`,
    irqFix(irq),
  ];
}

function waitContext({ who, report }: Explained): string[] {
  const { wanted, edges, context } = report;
  const outer = edges[0]?.from;
  const type = wanted?.lock.wait?.outerType;
  const under =
    outer === undefined
      ? `in a context that allows only ${context ?? 'less'}`
      : `while holding ${className(outer)}${outer.wait === undefined ? '' : ` (${outer.wait.innerType})`}`;
  return [
    `${upper(who)} takes ${name(wanted)}${type === undefined ? '' : ` (${type})`}${atSite(wanted)} ${under}.`,
    type === 'sleep'
      ? 'A lock that sleeps must not be taken where sleeping is not allowed: the CPU would schedule away inside an atomic section.'
      : 'On PREEMPT_RT a spinlock sleeps; under a raw spinlock or in a hard interrupt it must not be taken.',
    type === 'sleep'
      ? 'Usual fix: take the sleeping lock first, or do its work after the spinlock is released.'
      : 'Usual fix: make the inner lock a raw spinlock, or the outer one an ordinary one.',
  ];
}

function heldList({ report }: Explained): string[] {
  return report.held
    .map((h) => `Held: ${className(h.lock)}${h.at?.func === undefined ? '' : `, taken in ${h.at.func}`}.`)
    .slice(0, 5);
}

const HELD: Readonly<Record<string, (x: Explained) => string[]>> = {
  'unlock-balance': (x) => [
    `${upper(x.who)} releases ${name(x.report.wanted)}${atSite(x.report.wanted)}, which it does not hold.`,
    'Either it was released twice, or another task took it, or the lock was skipped on this path.',
    'Usual fix: look at the error paths above the release: each must release exactly what it took.',
  ],
  contention: (x) => [
    `${upper(x.who)} waits for ${name(x.report.wanted)}${atSite(x.report.wanted)}, but lockdep knows of no acquisition.`,
    'The lock was acquired without lockdep being told, or its memory was overwritten.',
  ],
  'held-freed': (x) => [
    `${upper(x.who)} frees memory in which ${name(x.report.wanted)} lies, and that lock is still held${x.report.wanted?.at?.func ? `: taken in ${x.report.wanted.at.func}` : ''}.`,
    'Whoever releases it later, or waits for it, touches freed memory.',
    'Usual fix: release the lock before dropping the last reference.',
  ],
  'still-held': (x) => [
    `${upper(x.who)} exits with locks in its hands.`,
    ...heldList(x),
    'Nobody can release them any more: the next one to take them hangs.',
    'Usual fix: look at the early returns of the function that took the lock.',
  ],
  'ret-user': (x) => [
    `${upper(x.who)} returns to user space with locks in its hands.`,
    ...heldList(x),
    'The program may never enter the kernel again; all who need the lock hang.',
    'Usual fix: look at the error returns of the system call.',
  ],
  nested: (x) => [
    `${upper(x.who)} takes ${name(x.report.wanted)}${atSite(x.report.wanted)} and says that an outer lock protects the order, but does not hold that one.`,
    'Usual fix: take the outer lock first, or use a nesting level instead of *_nest_lock().',
  ],
  rcu: (x) => [
    `${x.report.check === undefined ? 'A check of RCU rules' : `The check at ${x.report.check.file}:${x.report.check.line}`} failed: ${x.report.check?.message ?? 'suspicious RCU usage'}.`,
    x.report.held.length === 0 ? `${upper(x.who)} holds no lock.` : heldList(x).join(' '),
    x.report.check?.message.includes('context switch')
      ? 'Inside rcu_read_lock() nothing may sleep: the grace period would wait for the sleeper.'
      : "Without rcu_read_lock() or the writers' lock the data may be freed while it is read.",
    x.report.check?.message.includes('context switch')
      ? 'Usual fix: take a reference and leave the read section before sleeping, or use SRCU.'
      : 'Usual fix: enter a read section, or name the lock that protects the access in rcu_dereference_protected().',
  ],
  nonstatic: () => [
    'A lock is used that was never initialised, or whose key does not lie in static memory.',
    'lockdep turns itself off, so later lock bugs of this boot go unseen.',
    'Usual fix: call spin_lock_init() or mutex_init() before first use; for dynamic keys lockdep_register_key().',
  ],
};

const CYCLES: Readonly<Record<string, (x: Explained) => string[]>> = {
  circular,
  recursive,
  inconsistent,
  'irq-inversion': inversion,
  'wait-context': waitContext,
};

/** A lockdep report in plain English: who does what, what contradicts it, what usually fixes that kind. */
export function explainLockdep(x: Explained): string[] {
  const told = x.kind.startsWith('safe-unsafe') ? inversion(x) : (CYCLES[x.kind] ?? HELD[x.kind])?.(x);
  if (told !== undefined) return told;
  if (x.kind.startsWith('off.'))
    return [
      'lockdep ran out of one of its tables and turned itself off: later lock bugs of this boot go unseen.',
      'Usual fix: raise the CONFIG_LOCKDEP_*_BITS option that the message names; if one class keeps growing, its keys leak.',
    ];
  return [
    'A check inside lockdep itself failed; it turned itself off, so later lock bugs of this boot go unseen.',
  ];
}
