import { BYSTANDER, plain } from './bystanders.ts';
import type { Evidence, Naming } from './evidence.ts';
import { anonymous, bare, named, stack } from './evidence.ts';
import { pick } from './frames.ts';

/** Checks whose WARN has a name of its own, by the function that warns. */
const CHECKS: readonly (readonly [RegExp, string, string])[] = [
  [/^(?:refcount|kref)_/, 'WARNING: refcount bug', 'REFCOUNT_WARNING'],
  [/^debug_print_object/, 'WARNING: ODEBUG bug', 'WARNING'],
  [/^kobject_/, 'WARNING: kobject bug', 'WARNING'],
  [/^(?:kmalloc_slab|(?:__)?kvmalloc_node)/, 'WARNING: kmalloc bug', 'WARNING'],
  [/^proc_register/, 'WARNING: proc registration bug', 'WARNING'],
  [/^__vmalloc_node_range/, 'WARNING: zero-size vmalloc', 'WARNING'],
];

/** Callers that only pass an URB or a timer on. */
const PASSING =
  /^(?:usb_(?:submit_urb|start_wait_urb|bulk_msg|control_msg\w*|interrupt_msg)|(?:__)?call_rcu\w*)$/;

/**
 * A WARN is known by the function in its stack, not the one in its header: without a stack that shows it
 * the report counts as corrupted.
 */
export function warning(e: Evidence): Naming {
  const { at = '', func: head = '' } = (e.header.proper ?? e.header).groups;
  const all = stack(e);
  // 7.x prints `at 0x0` when the trap stands in a shared stub: then the stack's first function warned.
  const shared = head === '' || head.startsWith('0x');
  const warns = shared
    ? (all.find((f) => !BYSTANDER.test(plain(f)) || f.startsWith('refcount_')) ?? '')
    : head;
  const check = e.header.rule.kind === 'refcount' ? CHECKS[0] : CHECKS.find(([re]) => re.test(warns));
  const func = e.mixed ? undefined : pick(all, PASSING);
  if (check !== undefined) return named(check[1], check[2], func);
  if (at.startsWith('kernel/locking/lockdep.c'))
    return named(
      'WARNING: locking bug',
      'LOCKDEP',
      e.mixed ? undefined : pick(all, /^(?:__)?(?:lock|release)_sock\w*$/),
    );
  return named(
    'WARNING',
    'WARNING',
    func,
    warns.startsWith('usb_submit_urb') ? { suffix: '/usb_submit_urb' } : {},
  );
}

/** `WARNING: ` with a text and no stack; the unwinder's own complaints name addresses and tasks. */
export function warnText(e: Evidence): Naming {
  const text = e.header.groups['text'] ?? '';
  const unwind = /^(kernel stack (?:regs|frame pointer)) at .* has bad (?:'(\w+)' )?value/.exec(text);
  if (unwind === null) return bare(`WARNING: ${anonymous(text)}`, 'WARNING');
  return bare(`WARNING: ${unwind[1]} has bad ${unwind[2] === undefined ? '' : `'${unwind[2]}' `}value`);
}
