import type { HeaderRule } from './rule.ts';

/** Lock debugging other than lockdep: kernel/locking/spinlock_debug.c, rwsem.c. */
export const lockingHeaders: readonly HeaderRule[] = [
  {
    kind: 'spinlock',
    literal: 'BUG: spinlock ',
    re: /^BUG: spinlock (?<what>.{1,60}?) on CPU#\d/,
    severity: 'bug',
    title: (g) => `BUG: spinlock ${g['what']}`,
  },
  {
    kind: 'rwlock',
    literal: 'BUG: rwlock',
    re: /^BUG: rwlock(?:-lockup)? (?<what>.{1,60}?) on CPU#\d/,
    severity: 'bug',
    title: (g) => `BUG: rwlock ${g['what']}`,
  },
  {
    kind: 'rwsem',
    literal: 'DEBUG_RWSEMS_WARN_ON(',
    re: /^DEBUG_RWSEMS_WARN_ON\((?<cond>.{0,200}?)\): count/,
    severity: 'warning',
    title: (g) => `DEBUG_RWSEMS_WARN_ON(${g['cond']})`,
    announces: /^WARNING: /,
  },
];
