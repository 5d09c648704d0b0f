import type { HeaderRule } from './rule.ts';

/** kernel/irq/spurious.c, fs/sysfs/dir.c, net/core/dev.c. */
export const miscHeaders: readonly HeaderRule[] = [
  {
    kind: 'irq.nobody',
    literal: ': nobody cared',
    re: /^irq (?<irq>\d{1,6}): nobody cared/,
    severity: 'warning',
    title: () => 'irq: nobody cared',
  },
  {
    kind: 'sysfs.dup',
    literal: 'cannot create duplicate filename',
    re: /^sysfs: cannot create duplicate filename '(?<name>[^']{1,300})'/,
    severity: 'warning',
    title: () => 'sysfs: duplicate filename',
  },
  {
    kind: 'netdev',
    literal: 'unregister_netdevice: waiting for ',
    re: /^unregister_netdevice: waiting for \S{1,40} to become free/,
    severity: 'warning',
    title: () => 'unregister_netdevice: waiting for a device to become free',
  },
];
