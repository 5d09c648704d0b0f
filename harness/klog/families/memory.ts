import type { HeaderRule } from './rule.ts';

const TRACKS = /^INFO: (?:Allocated|Freed) in /;

/** What follows when SLUB has told which bytes of an object are damaged (check_bytes_and_report). */
const CORRUPT = /^BUG \S{1,64} \(/;

/** mm/page_alloc.c, mm/memory.c, kernel/fork.c, mm/slub.c, mm/mempool.c, fs/dcache.c, mm/oom_kill.c. */
export const memoryHeaders: readonly HeaderRule[] = [
  {
    kind: 'bad.page',
    literal: 'BUG: Bad page state',
    re: /^BUG: Bad page state in process (?<comm>.{1,64}?)\s+pfn:/,
    severity: 'bug',
    title: () => 'BUG: Bad page state',
  },
  {
    kind: 'bad.map',
    literal: 'BUG: Bad page map',
    re: /^BUG: Bad page map in process /,
    severity: 'bug',
    title: () => 'BUG: Bad page map',
  },
  {
    kind: 'bad.rss',
    traceless: true,
    literal: 'BUG: Bad rss-counter state',
    re: /^BUG: Bad rss-counter state mm:\S{1,40} (?:type:(?<type>\w{1,40})|idx:\d{1,4})/,
    severity: 'bug',
    title: (g) => `BUG: Bad rss-counter state${g['type'] ? ` ${g['type']}` : ''}`,
  },
  {
    kind: 'pgtables',
    traceless: true,
    literal: 'BUG: non-zero ',
    re: /^BUG: non-zero (?<what>pgtables_bytes|nr_pmds|nr_ptes) on freeing mm/,
    severity: 'bug',
    title: (g) => `BUG: non-zero ${g['what']} on freeing mm`,
  },
  {
    continuedBy: TRACKS,
    kind: 'slub.old-remain',
    literal: 'Objects remaining in ',
    re: /^BUG (?<cache>\S{1,64}) \((?<taint>[^)]{1,60})\): Objects remaining in \S{1,64} on/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache']}: objects remaining on shutdown`,
  },
  {
    continuedBy: TRACKS,
    kind: 'slub.remain',
    literal: 'Objects remaining on ',
    re: /^BUG (?<cache>\S{1,64}) \((?<taint>[^)]{1,60})\): Objects remaining on/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache']}: objects remaining on shutdown`,
  },
  {
    continuedBy: TRACKS,
    kind: 'slub.free',
    literal: ': Object already free',
    re: /^BUG (?<cache>\S{1,64}) \((?<taint>[^)]{1,60})\): Object already free/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache']}: object already free`,
  },
  {
    continuedBy: TRACKS,
    kind: 'slub.redzone',
    literal: 'edzone overwritten',
    re: /^BUG (?<cache>\S{1,64}) \((?<taint>[^)]{1,60})\): (?:(?:Left |Right |kmalloc )?Redzone) overwritten/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache']}: redzone overwritten`,
  },
  {
    // 7.2 tells the damage first, and then `BUG kmalloc-64 (Not tainted): Object corrupt`
    kind: 'slub.redzone',
    literal: 'edzone overwritten] 0x',
    re: /^\[(?:Left |Right |kmalloc )?Redzone overwritten\] 0x/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache'] ?? 'slab'}: redzone overwritten`,
    announces: CORRUPT,
    traceless: true,
  },
  {
    kind: 'slub',
    literal: ' overwritten] 0x',
    re: /^\[(?<what>[A-Z][A-Za-z ]{1,40}) overwritten\] 0x/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache'] ?? 'slab'}: ${g['what']?.toLowerCase()} overwritten`,
    announces: CORRUPT,
    traceless: true,
  },
  {
    continuedBy: TRACKS,
    kind: 'slub',
    literal: 'ainted',
    re: /^BUG (?<cache>\S{1,64}) \((?<taint>(?:Not t|T)ainted[^)]{0,60})\): (?!kasan: bad access)(?<what>.{1,120})/,
    severity: 'bug',
    title: (g) => `BUG ${g['cache']}: ${(g['what'] ?? '').replace(/0x[0-9a-f]+/g, 'ADDR')}`,
  },
  {
    kind: 'mempool',
    traceless: true,
    literal: 'BUG: mempool element',
    re: /^BUG: mempool element poison mismatch/,
    severity: 'bug',
  },
  {
    kind: 'dentry',
    literal: 'BUG: Dentry ',
    re: /^BUG: Dentry .{1,300}still in use \(\d{1,12}\) {1,2}\[unmount of (?<fs>\S{1,40})/,
    severity: 'bug',
    continuedBy: /^WARNING: |^-{4,40}\[ cut here/,
    title: (g) => `BUG: Dentry still in use on unmount of ${g['fs']}`,
  },
  {
    kind: 'oom.invoked',
    literal: ' invoked oom-killer',
    re: /^(?<comm>.{1,64}) invoked oom-killer: /,
    severity: 'info',
    title: () => 'oom-killer invoked',
    continuedBy: /ut of memory/,
  },
  {
    kind: 'oom.kill',
    literal: 'ut of memory: ',
    re: /^(?:Out of memory|Memory cgroup out of memory)(?: \([^)]{1,40}\))?: Kill(?:ed)? process/,
    severity: 'info',
    title: () => 'out of memory: killed process',
  },
  {
    kind: 'alloc.fail',
    literal: 'page allocation failure',
    re: /^(?<comm>.{1,64}): page allocation failure[:.] order:(?<order>\d{1,3})/,
    severity: 'warning',
    title: (g) => `page allocation failure: order ${g['order']}`,
  },
];
