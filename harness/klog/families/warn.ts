import type { HeaderRule } from './rule.ts';

const WARN_OR_BUG = /^(?:WARNING: |kernel BUG at |Kernel BUG at |Internal error: |Oops: |BUG: )/;

/**
 * Lines that begin with `WARNING: ` but only tell of a configuration: not a fault of the kernel.
 * Programs' warnings begin with a path or a name.
 */
const NOTICE =
  /deprecat|does not exist|will be removed|missed to adjust|bootconfig|not compiled with|mitigation|has been replaced|command line|cpumask|stop working|performance|out of the tree|module verification|unsupported|experimental|insecure|kernel parameter|https?:|unprivileged|flag value/i;

/** WARN in its three layouts (kernel/panic.c __warn, lib/bug.c), and the checks that announce a WARN or BUG. */
export const warnHeaders: readonly HeaderRule[] = [
  {
    kind: 'warn.cut',
    literal: '[ cut here ]--',
    re: /^-{4,40}\[ cut here \]-{4,40}/,
    severity: 'warning',
    title: () => 'report cut short after "cut here"',
    announces: /./,
  },
  {
    kind: 'warn.old',
    literal: 'WARNING: CPU: ',
    re: /^WARNING: CPU: (?<cpu>\d{1,5}) PID: (?<pid>\d{1,10}) at (?<at>[^:\s]{1,200}):\d{1,8} (?<func>[^\s+]{1,200})/,
    severity: 'warning',
    title: (g) => `WARNING in ${g['func']} at ${g['at']}`,
  },
  {
    // up to 3.10: no CPU and PID; `WARNING: at kernel/foo.c:12 bar+0x1/0x2()`
    kind: 'warn.old',
    literal: 'WARNING: at ',
    re: /^WARNING: at (?<at>[^:\s]{1,200}):\d{1,8} (?<func>[^\s+]{1,200})/,
    severity: 'warning',
    title: (g) => `WARNING in ${g['func']} at ${g['at']}`,
  },
  {
    kind: 'warn.old',
    literal: 'WARNING: CPU: ',
    re: /^WARNING: CPU: (?<cpu>\d{1,5}) PID: (?<pid>\d{1,10})(?: at )?/,
    severity: 'warning',
    title: () => 'WARNING',
  },
  {
    kind: 'warn.cond',
    literal: 'WARNING: [',
    re: /^WARNING: \[(?<cond>.{1,300})\] (?<at>[^:\s]{1,200}):\d{1,8} at (?<func>[^\s+,]{1,200})/,
    severity: 'warning',
    title: (g) => `WARNING in ${g['func']} at ${g['at']}: ${g['cond']}`,
  },
  {
    kind: 'warn.new',
    literal: 'WARNING: ',
    re: /^WARNING: (?<at>[^:\s]{1,200}):\d{1,8} at (?<func>[^\s+,]{1,200})/,
    severity: 'warning',
    title: (g) => `WARNING in ${g['func']} at ${g['at']}`,
  },
  {
    // without CONFIG_DEBUG_BUGVERBOSE
    kind: 'warn.new',
    literal: 'WARNING: at ',
    re: /^WARNING: at (?<func>[^\s+,]{1,200})\S{0,60}, CPU#\d/,
    severity: 'warning',
    title: (g) => `WARNING in ${g['func']}`,
  },
  {
    // arch/x86/kernel/unwind_frame.c and others: a message without a stack
    kind: 'warn.text',
    literal: 'WARNING: ',
    re: new RegExp(`^WARNING: (?!.{0,300}(?:${NOTICE.source}))(?<text>[^/\\s].{0,300})`, 'i'),
    severity: 'info',
    needsPrefix: true,
    oneLine: true,
  },
  {
    kind: 'refcount',
    literal: 'refcount_t: ',
    re: /^refcount_t: (?<what>[a-z0-9 ;,:-]{1,80})/,
    severity: 'bug',
    title: (g) => `refcount_t: ${g['what']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'list.add',
    literal: 'list_add ',
    re: /^list_add (?<what>corruption|double add)\b/,
    severity: 'bug',
    title: (g) => `list_add ${g['what']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'list.del',
    literal: 'list_del corruption',
    re: /^list_del corruption/,
    severity: 'bug',
    title: () => 'list_del corruption',
    announces: WARN_OR_BUG,
  },
  {
    kind: 'odebug',
    literal: 'ODEBUG: ',
    re: /^ODEBUG: (?<what>[a-z_ ]{1,40}?) (?:active|inactive|initialized|destroyed|not available|none|uninitialized|not tracked)\b.{0,120}?object(?:: \S{1,40}|) (?:object )?type: (?<type>\S{1,60})/,
    severity: 'bug',
    title: (g) => `ODEBUG: ${g['what']} ${g['type']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'usercopy',
    literal: 'usercopy: Kernel memory ',
    re: /^usercopy: Kernel memory (?<what>exposure|overwrite) attempt detected (?<how>to|from) (?<obj>[^(]{1,120}?)\s*\(/,
    severity: 'bug',
    title: (g) => `usercopy: kernel memory ${g['what']} attempt ${g['how']} ${g['obj']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'fortify',
    literal: 'detected buffer overflow in ',
    re: /^detected buffer overflow in (?<func>\w{1,60})/,
    severity: 'bug',
    title: (g) => `buffer overflow in ${g['func']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'fortify.new',
    literal: ': detected buffer overflow',
    re: /^(?<func>\w{1,60}): detected buffer overflow/,
    severity: 'bug',
    title: (g) => `buffer overflow in ${g['func']}`,
    announces: WARN_OR_BUG,
  },
  {
    kind: 'dma',
    literal: 'DMA-API: ',
    re: /^DMA-API: (?<dev>.{0,60}?)device driver (?<what>[a-z][A-Za-z -]{1,120})/,
    severity: 'warning',
    title: (g) => `DMA-API: device driver ${g['what']}`,
    announces: WARN_OR_BUG,
  },
];
