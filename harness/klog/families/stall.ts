import type { HeaderRule } from './rule.ts';
import { SIGNS } from './rule.ts';

const seconds = (g: Readonly<Record<string, string | undefined>>, text: string): string =>
  g['dead'] ? `${text} (it cannot die)` : text;

const STARVED = /kthread starved for |kthread timer wakeup didn't happen/;
const OWNER = /likely (?:owned|last held) by task/;

/**
 * Things that do not go on: kernel/rcu/tree_stall.h and tasks.h, kernel/hung_task.c, kernel/watchdog.c,
 * kernel/workqueue.c, kernel/smp.c.
 */
export const stallHeaders: readonly HeaderRule[] = [
  {
    kind: 'rcu.stall.csd',
    literal: ' but suppressed full report',
    scan: SIGNS,
    re: /^(?:rcu: )?INFO: (?<flavour>\w{1,40}) detected (?:stall|expedited stalls), but suppressed full report/,
    severity: 'warning',
    title: (g) => `${g['flavour']} detected stall, report suppressed by a stuck CSD lock`,
  },
  {
    kind: 'rcu.stall.exp',
    literal: 'detected expedited stalls',
    scan: SIGNS,
    re: /^(?:rcu: )?INFO: (?<flavour>\w{1,40}) detected expedited stalls on CPUs/,
    severity: 'bug',
    title: (g) => `${g['flavour']} detected expedited stalls`,
  },
  {
    kind: 'rcu.tasks',
    literal: 'detected stalls on tasks:',
    scan: SIGNS,
    re: /^(?:rcu: )?INFO: (?<flavour>\w{1,40}) detected stalls on tasks:/,
    severity: 'bug',
    title: (g) => `${g['flavour']} detected stalls on tasks`,
  },
  {
    kind: 'rcu.stall.self',
    literal: 'self-detected stall on CPU',
    scan: SIGNS,
    re: /^(?:rcu: )?INFO: (?<flavour>\w{1,40}) self-detected stall on CPU/,
    severity: 'bug',
    title: (g) => `${g['flavour']} self-detected stall`,
    continuedBy: STARVED,
  },
  {
    kind: 'rcu.stall.other',
    literal: 'detected stalls on CPUs/tasks',
    scan: SIGNS,
    re: /^(?:rcu: )?INFO: (?<flavour>\w{1,40}) detected stalls on CPUs\/tasks/,
    severity: 'bug',
    title: (g) => `${g['flavour']} detected stalls`,
    continuedBy: STARVED,
  },
  {
    kind: 'rcu.starved',
    literal: ' kthread starved for ',
    re: /^(?:rcu: )?(?<flavour>\w{1,40}) kthread starved for \d{1,12} jiffies!/,
    severity: 'warning',
    title: (g) => `${g['flavour']} kthread starved`,
  },
  {
    kind: 'hung.task.iowait',
    literal: ' blocked in I/O wait for more than ',
    scan: SIGNS,
    re: /^INFO: task (?<comm>.{1,64}):(?<pid>\d{1,10}) blocked in I\/O wait for more than \d{1,10} seconds/,
    severity: 'bug',
    title: (g) => seconds(g, 'task hung in I/O wait'),
    continuedBy: OWNER,
  },
  {
    kind: 'hung.task',
    literal: ' for more than ',
    scan: SIGNS,
    re: /^INFO: task (?<comm>.{1,64}):(?<pid>\d{1,10}) (?:blocked|(?<dead>can't die)) for more than \d{1,10} seconds/,
    severity: 'bug',
    title: (g) => seconds(g, 'task hung'),
    continuedBy: OWNER,
  },
  {
    // since 6.16; `<writer>` and the like since 6.17
    kind: 'hung.mutex',
    literal: ' by task ',
    scan: SIGNS,
    re: /^INFO: task (?<comm>.{1,64}):(?<pid>\d{1,10})(?: <\w{1,20}>)? (?:is )?blocked on an? (?<lock>[a-z-]{1,40}).{0,20} likely (?:owned|last held) by task (?<owner>.{1,64}):(?<ownerPid>\d{1,10})/,
    severity: 'info',
    title: (g) => `task blocked on a ${g['lock']}`,
    oneLine: true,
  },
  {
    kind: 'softlockup',
    literal: 'BUG: soft lockup',
    re: /^(?:watchdog: |NMI watchdog: )?BUG: soft lockup - CPU#(?<cpu>\d{1,5}) stuck for/,
    severity: 'bug',
    title: () => 'BUG: soft lockup',
  },
  {
    kind: 'hardlockup.new',
    literal: 'detected hard LOCKUP on cpu',
    re: /^(?:NMI watchdog: |watchdog: )?CPU(?<cpu>\d{1,5}): Watchdog detected hard LOCKUP on cpu/,
    severity: 'bug',
    title: () => 'hard lockup',
  },
  {
    kind: 'hardlockup.old',
    literal: 'detected hard LOCKUP on cpu',
    re: /^(?:NMI watchdog: |watchdog: )?(?:BUG: )?Watchdog detected hard LOCKUP on cpu/,
    severity: 'bug',
    title: () => 'hard lockup',
  },
  {
    kind: 'wq.lockup',
    literal: 'BUG: workqueue lockup',
    re: /^BUG: workqueue lockup - pool/,
    severity: 'bug',
    title: () => 'BUG: workqueue lockup',
    traceless: true,
  },
  {
    kind: 'wq.leak.old',
    literal: 'BUG: workqueue leaked lock',
    re: /^BUG: workqueue leaked lock or atomic: /,
    severity: 'bug',
    title: () => 'BUG: workqueue leaked lock or atomic',
    traceless: true,
  },
  {
    kind: 'wq.leak.new',
    literal: 'BUG: workqueue leaked atomic',
    re: /^BUG: workqueue leaked atomic, lock or RCU: /,
    severity: 'bug',
    title: () => 'BUG: workqueue leaked atomic, lock or RCU',
    traceless: true,
  },
  {
    kind: 'wq.hog',
    literal: ' hogged CPU for >',
    re: /^workqueue: (?<func>\S{1,128}) hogged CPU for >\d{1,12}us/,
    severity: 'info',
    title: (g) => `workqueue: ${g['func']} hogged CPU`,
    oneLine: true,
  },
  {
    kind: 'csd',
    literal: 'non-responsive CSD lock',
    re: /^(?:smp: )?csd: Detected non-responsive CSD lock/,
    severity: 'bug',
    title: () => 'non-responsive CSD lock',
  },
];
