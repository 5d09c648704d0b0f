import type { HeaderRule } from './rule.ts';

/** The line of `=` that the sanitizers close with. */
const CLOSING = /^={40,100}$/;
/** Where an object was allocated and freed, as KASAN of 4.x took it from SLUB. */
const TRACKS = /^INFO: (?:Allocated|Freed) in |^BUG \S{1,64} \(/;
const func = '(?<func>[^\\s+]{1,200})';

const kasan = (kind: string, what: string): HeaderRule => ({
  kind,
  literal: 'BUG: KASAN: ',
  re: new RegExp(
    `^BUG: KASAN: (?<what>${what})(?: in ${func}.{0,200}| on address.{0,100}| at addr.{0,100})?\\s*$`,
  ),
  severity: 'bug',
  last: CLOSING,
  continuedBy: TRACKS,
  title: (g) => `KASAN: ${g['what']}${g['func'] ? ` in ${g['func']}` : ''}`,
});

const kfence = (kind: string, what: string): HeaderRule => ({
  kind: `kfence.${kind}`,
  literal: 'BUG: KFENCE: ',
  re: new RegExp(`^BUG: KFENCE: (?<what>${what}) in ${func}`),
  severity: 'bug',
  last: CLOSING,
  title: (g) => `KFENCE: ${g['what']} in ${g['func']}`,
});

/** mm/kasan/report*.c, mm/kmsan/report.c, kernel/kcsan/report.c, mm/kfence/report.c, lib/ubsan.c, mm/kmemleak.c. */
export const sanitizerHeaders: readonly HeaderRule[] = [
  kasan('kasan.dfree.old', 'double-free or invalid-free'),
  kasan('kasan.dfree', 'double-free|invalid-free'),
  kasan('kasan.uaf', '(?:slab-|vmalloc-)?use-after-free'),
  kasan('kasan.hw', 'invalid-access'),
  kasan('kasan.oob', '[a-z-]{0,40}out-of-bounds'),
  kasan('kasan', '[a-z][a-z-]{1,60}'),
  {
    kind: 'kmsan',
    literal: 'BUG: KMSAN: ',
    re: new RegExp(`^BUG: KMSAN: (?<what>[a-z-]{1,60}) in ${func}`),
    severity: 'bug',
    last: CLOSING,
    title: (g) => `KMSAN: ${g['what']} in ${g['func']}`,
  },
  {
    kind: 'kcsan.assert',
    literal: 'BUG: KCSAN: ',
    re: /^BUG: KCSAN: assert: race in (?<a>[^\s+]{1,200})(?:\S{0,60} \/ (?<b>[^\s+]{1,200}))?/,
    severity: 'warning',
    last: CLOSING,
    title: (g) => `KCSAN: assert: race in ${[g['a'], g['b']].filter(Boolean).join(' / ')}`,
  },
  {
    kind: 'kcsan',
    literal: 'BUG: KCSAN: ',
    re: /^BUG: KCSAN: data-race in (?<a>[^\s+]{1,200})(?:\S{0,60})? \/ (?<b>[^\s+]{1,200})/,
    severity: 'warning',
    last: CLOSING,
    title: (g) => `KCSAN: data-race in ${g['a']} / ${g['b']}`,
  },
  {
    kind: 'kcsan.unknown',
    literal: 'BUG: KCSAN: ',
    re: /^BUG: KCSAN: (?<what>[a-z-]{1,40}(?: race)?) in (?<a>[^\s+]{1,200})/,
    severity: 'warning',
    last: CLOSING,
    title: (g) => `KCSAN: ${g['what']} in ${g['a']}`,
  },
  kfence('oob', 'out-of-bounds(?: read| write)?'),
  kfence('uaf', 'use-after-free(?: read| write)?'),
  kfence('corrupt', 'memory corruption'),
  kfence('free', 'invalid free'),
  kfence('invalid', 'invalid(?: read| write)?'),
  {
    kind: 'ubsan.old',
    literal: 'UBSAN: Undefined behaviour',
    re: /^UBSAN: Undefined behaviour in (?<at>[^:\s]{1,200})/,
    severity: 'bug',
    last: CLOSING,
    title: (g) => `UBSAN: undefined behaviour in ${g['at']}`,
  },
  {
    kind: 'ubsan.new',
    literal: 'UBSAN: ',
    re: /^(?:Internal error: )?UBSAN: (?<what>[a-z][a-z -]{1,60}) in (?<at>[^:\s]{1,200})/,
    severity: 'bug',
    last: CLOSING,
    title: (g) => `UBSAN: ${g['what']} in ${g['at']}`,
  },
  {
    kind: 'kmemleak.raw',
    literal: 'unreferenced object 0x',
    re: /^unreferenced object 0x[0-9a-f]{1,16} \(size (?<size>\d{1,20})\):/,
    severity: 'bug',
    title: (g) => `memory leak of ${g['size']} bytes`,
  },
  {
    kind: 'kmemleak.sum',
    literal: ' new suspected memory leaks',
    re: /^kmemleak: \d{1,20} new suspected memory leaks/,
    severity: 'warning',
    title: () => 'kmemleak: new suspected memory leaks',
  },
  {
    kind: 'kmemleak.raw',
    literal: 'BUG: memory leak',
    re: /^BUG: memory leak/,
    severity: 'bug',
    continuedBy: /^unreferenced object/,
  },
];
