import { atSite, type Explained, nameOf, tellStack, upper } from './explain-words.ts';
import { className } from './lock.ts';

const OFF = 'lockdep turned itself off, so later lock bugs of this boot go unseen.';

const heldList = ({ report }: Explained): string[] =>
  report.held
    .map((h) => `Held: ${className(h.lock)}${h.at?.func === undefined ? '' : `, taken in ${h.at.func}`}.`)
    .slice(0, 5);

function rcu(x: Explained): string[] {
  const { check, held } = x.report;
  const sleeps = check?.message.includes('context switch') === true;
  return [
    `${check === undefined ? 'A check of RCU rules' : `The check at ${check.file}:${check.line}`} failed: ${check?.message ?? 'suspicious RCU usage'}.`,
    held.length === 0 ? `${upper(x.who)} holds no lock.` : heldList(x).join(' '),
    ...tellStack(x.stack),
    sleeps
      ? 'Inside rcu_read_lock() nothing may sleep: the grace period would wait for the sleeper.'
      : "Without rcu_read_lock() or the writers' lock the data may be freed while it is read.",
    sleeps
      ? 'Usual fix: take a reference and leave the read section before sleeping, or use SRCU.'
      : 'Usual fix: enter a read section, or name the lock that protects the access in rcu_dereference_protected().',
  ];
}

const subclass = (x: Explained): string[] => [
  `${x.title}: a lock class has nesting levels 0 to 7 only (MAX_LOCKDEP_SUBCLASSES).`,
  OFF,
  ...tellStack(x.stack),
  'Usual fix: use fewer levels in mutex_lock_nested() and the like, or give the locks classes of their own.',
];

/** DEBUG_LOCKS_WARN_ON() of a condition that the title names. */
function internal(x: Explained): string[] {
  if (x.title.includes('MAX_LOCKDEP_SUBCLASSES')) return subclass(x);
  return [
    `${x.title}: a lock, or lockdep's own record of it, is not as it must be.`,
    OFF,
    ...tellStack(x.stack),
    'Usual fix: look for a lock that was never initialised, was overwritten or freed, or is released by the wrong task.',
  ];
}

/** Kinds about a lock that is not used as it should be. */
export const MISUSES: Readonly<Record<string, (x: Explained) => string[]>> = {
  'unlock-balance': (x) => [
    `${upper(x.who)} releases ${nameOf(x.report.wanted)}${atSite(x.report.wanted)}, which it does not hold.`,
    'Either it was released twice, or another task took it, or the lock was skipped on this path.',
    ...tellStack(x.stack),
    'Usual fix: look at the error paths above the release: each must release exactly what it took.',
  ],
  contention: (x) => [
    `${upper(x.who)} waits for ${nameOf(x.report.wanted)}${atSite(x.report.wanted)}, but lockdep knows of no acquisition.`,
    'The lock was acquired without lockdep being told, or its memory was overwritten.',
    ...tellStack(x.stack),
    'Usual fix: look for memory that was freed or overwritten, and for lockdep_off() on the way.',
  ],
  'held-freed': (x) => [
    `${upper(x.who)} frees memory in which ${nameOf(x.report.wanted)} lies, and that lock is still held${x.report.wanted?.at?.func ? `: taken in ${x.report.wanted.at.func}` : ''}.`,
    'Whoever releases it later, or waits for it, touches freed memory.',
    ...tellStack(x.stack),
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
    `${upper(x.who)} takes ${nameOf(x.report.wanted)}${atSite(x.report.wanted)} and says that ${x.report.against === undefined ? 'an outer lock' : nameOf(x.report.against)} protects the order, but does not hold that one.`,
    'Without it two tasks may take several locks of this class in opposite orders.',
    ...tellStack(x.stack),
    'Usual fix: take the outer lock first, or use a nesting level instead of *_nest_lock().',
  ],
  rcu,
  nonstatic: (x) => [
    'A lock is used that was never initialised, or whose key does not lie in static memory.',
    OFF,
    ...tellStack(x.stack),
    'Usual fix: call spin_lock_init() or mutex_init() before first use; for dynamic keys lockdep_register_key().',
  ],
  subclass,
  key: (x) => [
    'A lock was set up with a key (struct lock_class_key) that is neither static nor registered.',
    OFF,
    ...tellStack(x.stack),
    'Usual fix: make the key static, or call lockdep_register_key() first and lockdep_unregister_key() before freeing it.',
  ],
  'chain-collision': () => [
    'Two different chains of held locks have the same hash, so lockdep may have skipped a check.',
    OFF,
    'Usual fix: none in the code that took the locks; report it to the maintainers of lockdep.',
  ],
  internal,
};

/** lockdep's tables (kernel/locking/lockdep_internals.h), and what to do when one is full. */
const LIMITS: Readonly<Record<string, readonly [full: string, fix: string]>> = {
  depth: [
    'A task holds more locks at once than lockdep can note (48, MAX_LOCK_DEPTH).',
    'Usual fix: release locks before taking more, or take many of one class under a common outer lock with *_nest_lock().',
  ],
  keys: [
    'There are more lock classes than lockdep can note (8192, MAX_LOCKDEP_KEYS).',
    'Usual fix: find out who registers keys and never calls lockdep_unregister_key(): /proc/lockdep lists the classes.',
  ],
  entries: [
    'There are more dependencies between lock classes than lockdep can note.',
    'Usual fix: raise CONFIG_LOCKDEP_BITS; if one class has very many, give its locks fewer classes or nesting levels.',
  ],
  chains: [
    'There are more chains of held locks than lockdep can note.',
    'Usual fix: raise CONFIG_LOCKDEP_CHAINS_BITS.',
  ],
  hlocks: [
    'The chains of held locks are longer, taken together, than lockdep can note.',
    'Usual fix: raise CONFIG_LOCKDEP_CHAINS_BITS.',
  ],
  stack: [
    'There are more stack traces of acquisitions than lockdep can note.',
    'Usual fix: raise CONFIG_LOCKDEP_STACK_TRACE_BITS.',
  ],
};

/** One of lockdep's tables is full. */
export function explainLimit(x: Explained): string[] {
  const [full, fix] = LIMITS[x.kind.slice('off.'.length)] ?? ['One of the tables of lockdep is full.', ''];
  return [full, OFF, ...tellStack(x.stack), ...(fix === '' ? [] : [fix])];
}
