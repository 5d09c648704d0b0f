import type { HeaderRule } from './rule.ts';
import { SIGNS } from './rule.ts';

/** Sleeping and migrating where one must not: kernel/sched/core.c, lib/smp_processor_id.c, rcu/tree_plugin.h. */
export const schedHeaders: readonly HeaderRule[] = [
  {
    kind: 'sched.atomic',
    literal: 'scheduling while atomic',
    scan: SIGNS,
    re: /^BUG: scheduling while atomic/,
    severity: 'bug',
    title: () => 'BUG: scheduling while atomic',
  },
  {
    kind: 'sched.sleep',
    literal: 'BUG: sleeping function called',
    re: /^BUG: sleeping function called from (?:an )?invalid context(?: at (?<at>[^:\s]{1,200}))?/,
    severity: 'bug',
    title: (g) => `BUG: sleeping function called from invalid context${g['at'] ? ` at ${g['at']}` : ''}`,
  },
  {
    kind: 'sched.assume-atomic',
    literal: 'BUG: assuming atomic context',
    re: /^BUG: assuming atomic context at (?<at>[^:\s]{1,200})/,
    severity: 'bug',
    title: (g) => `BUG: assuming atomic context at ${g['at']}`,
  },
  {
    kind: 'sched.nonmig',
    literal: 'BUG: assuming non migratable context',
    re: /^BUG: assuming non migratable context at (?<at>[^:\s]{1,200})/,
    severity: 'bug',
    title: (g) => `BUG: assuming non migratable context at ${g['at']}`,
  },
  {
    kind: 'sched.nonblock',
    literal: 'BUG: scheduling in a non-blocking section',
    re: /^BUG: scheduling in a non-blocking section/,
    severity: 'bug',
    title: () => 'BUG: scheduling in a non-blocking section',
  },
  {
    kind: 'sched.idle',
    literal: 'bad: scheduling from the idle thread!',
    re: /^bad: scheduling from the idle thread!/,
    severity: 'bug',
  },
  {
    kind: 'sched.preempt',
    literal: 'in preemptible [',
    scan: SIGNS,
    re: /^BUG: using (?<what>\w{1,60})\(?\)? in preemptible \[[0-9a-f]{1,16}\] code/,
    severity: 'bug',
    title: (g) => `BUG: using ${g['what']}() in preemptible code`,
  },
  {
    kind: 'sched.rcu-voluntary',
    literal: 'Voluntary context switch within RCU',
    re: /^Voluntary context switch within RCU read-side critical section!/,
    severity: 'bug',
    announces: /^WARNING: /,
  },
];
