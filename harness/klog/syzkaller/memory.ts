import type { Evidence, Naming } from './evidence.ts';
import { anonymous, BAD, bare, frames, headFunc, named, stack, trace, upTo } from './evidence.ts';
import { pick } from './frames.ts';

/** `BUG: KASAN: WHAT in FUNC`, then `Read of size 4 at addr ...`. */
export function kasan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const cut = upTo(e, /^(?:Allocated|Freed)\b/);
  const func = pick([...headFunc(e), ...trace(cut)]);
  if (/invalid-free|double-free/.test(what))
    return named('KASAN: invalid-free', 'KASAN-INVALID-FREE', func, { alt: 'invalid-free' });
  const access = e.bodies.map((b) => /^(Read|Write) (?:of size|at addr)/.exec(b.trim())?.[1]).find(Boolean);
  const mode = access === 'Write' ? 'WRITE' : 'READ';
  const type = what.includes('use-after-free')
    ? `KASAN-USE-AFTER-FREE-${mode}`
    : what === 'null-ptr-deref'
      ? `KASAN-NULL-POINTER-DEREFERENCE-${mode}`
      : `KASAN-${mode}`;
  // Cut before the access line the report is known by its header alone.
  if (access === undefined)
    return bare(anonymous((e.bodies[0] ?? '').replace(/^.*BUG: /, '')), type, {
      frame: headFunc(e)[0] ?? '',
    });
  if (headFunc(e).length === 0 && trace(cut).length === 0) return bare(`KASAN: ${what} ${access}`, type);
  return named(`KASAN: ${what} ${access}`, type, func, { alt: BAD });
}

export function kfence(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const func = pick([...headFunc(e), ...stack(e)]);
  const mode = what.endsWith('write') ? 'WRITE' : 'READ';
  if (what === 'memory corruption') return named(`KFENCE: ${what}`, 'KFENCE-MEMORY-CORRUPTION', func);
  if (what === 'invalid free')
    return named(`KFENCE: ${what}`, 'KFENCE-INVALID-FREE', func, { alt: 'invalid-free' });
  const type = what.startsWith('use-after-free') ? `KFENCE-USE-AFTER-FREE-${mode}` : `KFENCE-${mode}`;
  return named(`KFENCE: ${what}`, type, func, { alt: BAD });
}

/** The kernel itself sorts the two functions (print_report, kernel/kcsan/report.c). */
export function kcsan(e: Evidence): Naming {
  const { a = '', b } = e.header.groups;
  const assert = e.header.rule.kind === 'kcsan.assert';
  const prefix = assert ? 'KCSAN: assert: race' : 'KCSAN: data-race';
  const type = assert ? 'KCSAN-ASSERT' : 'KCSAN-DATARACE';
  return named(prefix, type, a, b === undefined ? {} : { suffix: ` / ${b}` });
}

export function kmsan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? '';
  const type = what.includes('infoleak') ? 'KMSAN-INFO-LEAK' : 'KMSAN-UNINIT-VALUE';
  const cut = upTo(e, /^(?:Uninit was|Local variable)/);
  return named(`KMSAN: ${what}`, type, pick([...headFunc(e), ...stack(cut)]), { alt: BAD });
}

export function ubsan(e: Evidence): Naming {
  const what = e.header.groups['what'] ?? 'undefined-behaviour';
  const func = pick(trace(e));
  return what === 'array-index-out-of-bounds'
    ? named(`UBSAN: ${what}`, 'MEMORY_SAFETY_UBSAN', func, { alt: BAD })
    : named(`UBSAN: ${what}`, 'UBSAN', func);
}

/** Who asked for the leaked memory: allocators of all kinds stand between. */
export const leak = (e: Evidence): Naming | undefined =>
  e.header.text.includes('memory leak')
    ? named('memory leak', 'LEAK', pick(frames(e), /alloc|^idr_|^radix_tree|create_object/))
    : undefined;

/** With page owner tracking the stack of the allocation comes first. */
export const badPage = (e: Evidence): Naming =>
  named(
    'BUG: Bad page state',
    '',
    pick(stack(e), /alloc|^bad_page$|^_*free_(?:the_)?(?:page|unref|pcp|frozen)/),
  );
