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
    oneLine: true,
  },
  {
    kind: 'vfs.busy',
    literal: 'VFS: Busy inodes after unmount',
    re: /^VFS: Busy inodes after unmount/,
    severity: 'bug',
    title: () => 'VFS: busy inodes after unmount',
    oneLine: true,
  },
  {
    // mm/slub.c print_track() of older kernels; alone only when the lines above it were lost
    kind: 'slub.track',
    literal: 'INFO: ',
    re: /^INFO: (?<what>Allocated|Freed) in (?<func>[^\s+]{1,200})\S{0,40} age=\d/,
    severity: 'bug',
    needsPrefix: true,
    title: (g) => `SLUB object ${(g['what'] ?? '').toLowerCase()} in ${g['func']}`,
  },
  {
    // rust/kernel: a panic in Rust code, before the BUG() that it ends in
    kind: 'bug.rust',
    literal: 'rust_kernel: panicked at ',
    re: /^rust_kernel: panicked at (?<at>[^\s:]{1,250})/,
    severity: 'bug',
    title: (g) => `Rust panic at ${g['at']}`,
    continuedBy: /^[Kk]ernel BUG at |^-{4,40}\[ cut here|^(?:Oops: )?invalid opcode/,
  },
  {
    // drivers/trusty: the secure world's own kernel gave up
    kind: 'trusty',
    literal: 'trusty: panic',
    re: /^trusty: panic/,
    severity: 'bug',
    title: () => 'trusty: panic',
    continuedBy: /^WARNING: |^-{4,40}\[ cut here/,
  },
  {
    // the fuzzer's own process gave up: not the kernel, but the log ends there
    kind: 'tool.syzkaller',
    literal: 'SYZFA',
    re: /^SYZ(?:FATAL|FAIL): (?<text>.{1,300})/,
    severity: 'warning',
    oneLine: true,
  },
  {
    kind: 'bug.text',
    literal: 'BUG: ',
    re: /^BUG: (?<text>\S.{0,200})/,
    severity: 'bug',
    needsPrefix: true,
  },
];
