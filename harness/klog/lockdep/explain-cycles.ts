import { UNKNOWN } from './cycle.ts';
import { atSite, type Explained, inFunc, nameOf, tellStack, upper } from './explain-words.ts';
import { className } from './lock.ts';
import { acquirer, isWait } from './stacks.ts';
import type { LockClass, LockdepReport, LockEdge, LockUse, WaitType } from './types.ts';

const MAX_EDGES = 4;

/** What usually helps against a cycle, by the kind of locks in it and by who waits. */
function cycleFix({ cycle, edges }: LockdepReport): string {
  const waiters = edges.filter((e) => isWait(e.trace.frames));
  const waitIn = (re: RegExp): boolean =>
    waiters.some((e) => e.trace.frames.some((f) => re.test(f.func ?? '')));
  const named = (re: RegExp): boolean => cycle.some((c) => re.test(c.name));
  if (named(/^\((?:wq|work)_completion\)/) || waitIn(/flush_work|cancel_work/))
    return 'Usual fix: flush or cancel the work before taking the lock that the work itself takes, or after giving it up.';
  if (waitIn(/synchronize_srcu/))
    return 'Usual fix: give up the lock that the readers take before waiting for them.';
  if (named(/^\(completion\)/))
    return 'Usual fix: do not wait for the completion while holding a lock that its completer needs.';
  if (named(/mmap_(?:lock|sem)/))
    return 'Usual fix: touch user memory (which may fault and take mmap_lock) before taking the lock, or after giving it up.';
  return 'Usual fix: take these locks in one order everywhere, or give up the outer one before taking the inner one.';
}

/** How a lock is held that is none: the work runs, the completion is still to come. */
function during(lock: LockClass): string {
  if (lock === UNKNOWN) return 'while a lock was held that the log does not name';
  return /^\((?:wq|work)_completion\)/.test(lock.name)
    ? `while ${className(lock)} ran`
    : `while ${className(lock)} was held`;
}

function tellEdge(e: LockEdge, who: string, held: LockUse | undefined): string {
  const to = e.to === UNKNOWN ? 'a lock that the log does not name' : className(e.to);
  const waits = isWait(e.trace.frames);
  if (e.how === 'new')
    return `New: ${who} holds ${className(e.from)}${atSite(held)} and ${waits ? 'waits for' : 'takes'} ${to}${inFunc(e.acquiredIn)}.`;
  return `Recorded before: ${to} was ${waits ? 'waited for' : 'taken'}${inFunc(e.acquiredIn)} ${during(e.from)}.`;
}

function tellEdges({ who, report }: Explained): string[] {
  const fresh = report.edges.filter((e) => e.how === 'new');
  const recorded = report.edges.filter((e) => e.how === 'recorded');
  const told = [...fresh, ...recorded.slice(0, MAX_EDGES)].map((e) => tellEdge(e, who, report.against));
  const more = recorded.length - MAX_EDGES;
  return more > 0 ? [...told, `${more} more recorded orders lie between.`] : told;
}

function circular(x: Explained): string[] {
  const { cycle, incomplete, abridged, wanted, against } = x.report;
  const takes = `${upper(x.who)} takes ${nameOf(wanted)}${atSite(wanted)} while holding ${nameOf(against)}${atSite(against)}`;
  if (incomplete !== undefined)
    return [`${takes}.`, `That contradicts an order recorded before, but the log lost ${incomplete}.`];
  return [
    abridged === undefined
      ? `${upper(x.who)} takes locks in an order that closes a circle of ${cycle.length} lock classes.`
      : `${upper(x.who)} takes locks in an order that closes a circle. The log lost ${abridged} of its links.`,
    ...tellEdges(x),
    'When all of these happen at once, each holder waits for the next one and none goes on.',
    cycleFix(x.report),
  ];
}

function recursive({ who, report, stack }: Explained): string[] {
  const [wanted, held] = [report.wanted, report.against];
  const same = wanted?.address !== undefined && wanted.address === held?.address;
  return [
    `${upper(who)} takes ${nameOf(wanted)}${atSite(wanted)} while it already holds ${nameOf(held)}${atSite(held)}.`,
    same
      ? 'It is the very same lock: the task waits for itself and never goes on.'
      : 'They are two locks of one class: nothing says which comes first, so two tasks may take them in opposite orders.',
    ...tellStack(stack),
    same
      ? 'Usual fix: pass down that the lock is held, or split the function into a locked and an unlocked one.'
      : 'Usual fix: order the two (by address, say) and take the second one with a nesting level: mutex_lock_nested().',
  ];
}

const IRQ_NAME = { HARDIRQ: 'hard interrupts', SOFTIRQ: 'soft interrupts' } as const;
type Irq = keyof typeof IRQ_NAME;
const irqOf = (state: string): Irq => (state.includes('SOFTIRQ') ? 'SOFTIRQ' : 'HARDIRQ');

/** `IN-SOFTIRQ-W` and the like in words (usage_str, lockdep_states.h). */
function tellState(state: string): string {
  const irq = IRQ_NAME[irqOf(state)];
  return state.startsWith('IN-') ? `inside ${irq}` : `with ${irq} enabled`;
}

const irqFix = (irq: Irq, lock: string): string =>
  `Usual fix: take ${lock} with ${IRQ_NAME[irq]} off wherever that is not inside them: ${irq === 'HARDIRQ' ? 'spin_lock_irqsave()' : 'spin_lock_bh()'}.`;

function inconsistent({ who, report }: Explained): string[] {
  const { usage, wanted } = report;
  const takes = `${upper(who)} takes ${nameOf(wanted)}${atSite(wanted)}`;
  if (usage === undefined) return [`${takes} in a state that contradicts an earlier one.`];
  return [
    `${takes} ${tellState(usage.now)}.`,
    `Before, it was taken ${tellState(usage.before)}${inFunc(acquirer(usage.trace?.frames ?? []))}.`,
    'An interrupt that comes while its own CPU holds the lock then waits for the lock for ever.',
    irqFix(irqOf(usage.now), nameOf(wanted)),
  ];
}

/** Where a lock was first used in a state: ` in timer_takes_lock`. */
function firstUse({ report }: Explained, lock: LockClass, state: string): string {
  const history = report.histories.find((h) => className(h.lock) === className(lock));
  const first = history?.states.find((s) => s.state.startsWith(state));
  return inFunc(acquirer(first?.trace.frames ?? []));
}

/** Locks in order, of which an interrupt may take the first while its CPU holds the last. */
export function inversion(x: Explained): string[] {
  const { report, kind, who } = x;
  const soft = kind.endsWith('softirq') || report.notes.some((n) => n.includes('SOFTIRQ'));
  const irq = soft ? 'SOFTIRQ' : 'HARDIRQ';
  const closing = report.edges.find((e) => e.how === 'interrupt');
  if (closing === undefined)
    return [
      `${upper(who)} orders a lock used in ${IRQ_NAME[irq]} before one that is taken with them enabled.`,
      ...tellEdges(x),
      irqFix(irq, 'the second lock'),
    ];
  const { to: safe, from: unsafe } = closing;
  const [first, last] = [className(safe), className(unsafe)];
  const between = report.cycle.length > 2 ? ', by way of the locks between them,' : '';
  return [
    `${first} is used inside ${IRQ_NAME[irq]}${firstUse(x, safe, `IN-${irq}`)}; ${last} is taken with them enabled${firstUse(x, unsafe, `${irq}-ON-`)}.`,
    ...tellEdges(x),
    `${soft ? 'A soft' : 'A hard'} interrupt on the CPU that holds ${last} can wait for ${first}, whose holder${between} waits for ${last}.`,
    irqFix(irq, last),
  ];
}

/** What task_wait_context() (kernel/locking/lockdep.c) allows where no lock says less. */
const CONTEXTS: Partial<Record<WaitType, string>> = {
  'raw-spin': 'in a hard interrupt',
  spin: 'in a soft interrupt',
};

/** In the words of those who take locks: what a wait type is. */
const TYPES: Partial<Record<WaitType, string>> = {
  'raw-spin': 'a raw spinlock',
  spin: 'a spinlock',
  sleep: 'a lock that sleeps',
};

function waitFix(sleeps: boolean, outer: string | undefined): string {
  if (outer?.startsWith('rcu_read_lock') === true)
    return 'Usual fix: take the lock before rcu_read_lock() or after rcu_read_unlock(), or use SRCU, whose readers may sleep.';
  if (outer === undefined)
    return sleeps
      ? 'Usual fix: leave the work to a thread or a work item, which may sleep.'
      : 'Usual fix: make the lock a raw spinlock, or leave the work to a thread.';
  return sleeps
    ? 'Usual fix: take the sleeping lock first, or do its work after the spinlock is released.'
    : 'Usual fix: make the inner lock a raw spinlock, or the outer one an ordinary one.';
}

function waitContext({ who, report, stack }: Explained): string[] {
  const { wanted, edges, context } = report;
  const outer = edges[0]?.from;
  const type = TYPES[wanted?.lock.wait?.outerType ?? 'unchecked'];
  const sleeps = wanted?.lock.wait?.outerType === 'sleep';
  const outerType = TYPES[outer?.wait?.innerType ?? 'unchecked'];
  const isLock = outer?.name.startsWith('rcu_read_lock') !== true && outerType !== undefined;
  const under =
    outer === undefined
      ? (CONTEXTS[context ?? 'unchecked'] ?? 'in a context that allows less')
      : `while holding ${className(outer)}${isLock ? ` (${outerType})` : ''}`;
  return [
    `${upper(who)} takes ${nameOf(wanted)}${type === undefined ? '' : ` (${type})`}${atSite(wanted)} ${under}.`,
    sleeps
      ? 'A lock that sleeps must not be taken where sleeping is not allowed: the CPU would schedule away inside an atomic section.'
      : 'On PREEMPT_RT a spinlock sleeps; under a raw spinlock or in a hard interrupt it must not be taken.',
    ...tellStack(stack),
    waitFix(sleeps, outer?.name),
  ];
}

/** Kinds about the order of locks. */
export const CYCLES: Readonly<Record<string, (x: Explained) => string[]>> = {
  circular,
  recursive,
  inconsistent,
  'irq-inversion': inversion,
  'wait-context': waitContext,
};
