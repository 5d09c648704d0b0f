import type { HeaderRule } from './rule.ts';
import { SIGNS } from './rule.ts';

/**
 * kernel/locking/lockdep.c (print_*_bug), rcu/update.c, and what lockdep prints when it gives up
 * (DEBUG_LOCKS_WARN_ON, print_lockdep_off). Up to 4.11 headers stood in `[ INFO: ... ]` or
 * `[ BUG: ... ]`; from 4.12 on they begin with `WARNING: `.
 */
const framed = (kind: string, literal: string, text: string): HeaderRule => ({
  kind: `lockdep.${kind}`,
  literal,
  scan: SIGNS,
  re: new RegExp(`^(?:WARNING: |\\[ (?:INFO|BUG|WARNING): )${text}`),
  severity: 'bug',
});

const off = (kind: string, limit: string): HeaderRule => ({
  kind: `lockdep.off.${kind}`,
  literal: `${limit} too low!`,
  scan: SIGNS,
  re: new RegExp(`^BUG: ${limit} too low!`),
  severity: 'warning',
});

export const lockdepHeaders: readonly HeaderRule[] = [
  framed('circular', 'possible circular locking', 'possible circular locking dependency detected'),
  framed('recursive', 'possible recursive locking', 'possible recursive locking detected'),
  framed('inconsistent', 'inconsistent lock state', 'inconsistent lock state'),
  framed('irq-inversion', 'possible irq lock inversion', 'possible irq lock inversion dependency detected'),
  framed(
    'safe-unsafe.hardirq',
    'unsafe lock order',
    'HARDIRQ-(?:READ-)?safe -> \\S{1,40} lock order detected',
  ),
  framed(
    'safe-unsafe.softirq',
    'unsafe lock order',
    'SOFTIRQ-(?:READ-)?safe -> \\S{1,40} lock order detected',
  ),
  framed('safe-unsafe', 'unsafe lock order', '\\S{1,40}-safe -> \\S{1,40}-unsafe lock order detected'),
  framed('wait-context', 'Invalid wait context', 'Invalid wait context'),
  framed('nested', 'Nested lock was not taken', 'Nested lock was not taken'),
  framed('unlock-balance', 'bad unlock balance', 'bad unlock balance detected'),
  framed('contention', 'bad contention detected', 'bad contention detected'),
  framed('held-freed', 'held lock freed', 'held lock freed'),
  framed('still-held', 'still has locks held', '(?<comm>.{1,32})/(?<pid>\\d{1,10}) still has locks held'),
  // lockdep_sys_exit() prints the locks but no stack
  {
    ...framed('ret-user', 'lock held when returning', 'lock held when returning to user space'),
    traceless: true,
  },
  framed('rcu', 'suspicious RCU usage', '(?:suspicious RCU usage|suspicious rcu_dereference)'),
  framed('chain-collision', 'chain_key collision', 'chain_key collision'),
  {
    kind: 'rtmutex.deadlock',
    literal: 'circular locking deadlock',
    scan: SIGNS,
    re: /^(?:WARNING: |\[ (?:INFO|BUG): )circular locking deadlock detected/,
    severity: 'bug',
  },
  {
    kind: 'lockdep.nonstatic',
    literal: 'INFO: trying to register non-static key',
    re: /^INFO: trying to register non-static key/,
    severity: 'bug',
  },
  {
    kind: 'lockdep.subclass',
    literal: 'looking up invalid subclass',
    scan: SIGNS,
    re: /^BUG: looking up invalid subclass: (?<n>\d{1,10})/,
    severity: 'bug',
  },
  {
    kind: 'lockdep.key',
    literal: 'has not been registered!',
    scan: SIGNS,
    re: /^BUG: key \S{1,40} (?:has not been registered|not in \.data)!/,
    severity: 'bug',
    title: () => 'BUG: lock class key has not been registered',
    continuedBy: /^-{4,40}\[ cut here|^DEBUG_LOCKS_WARN_ON\(|^WARNING: /,
  },
  off('stack', 'MAX_STACK_TRACE_ENTRIES'),
  off('entries', 'MAX_LOCKDEP_ENTRIES'),
  off('keys', 'MAX_LOCKDEP_KEYS'),
  off('chains', 'MAX_LOCKDEP_CHAINS'),
  off('hlocks', 'MAX_LOCKDEP_CHAIN_HLOCKS'),
  off('depth', 'MAX_LOCK_DEPTH'),
  {
    kind: 'lockdep.internal',
    literal: 'DEBUG_LOCKS_WARN_ON(',
    re: /^DEBUG_LOCKS_WARN_ON\((?<cond>.{0,200}?)\)\s*$/,
    severity: 'warning',
    announces: /^WARNING: /,
  },
];
