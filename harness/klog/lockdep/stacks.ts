import { parseFrame } from '../trace.ts';
import type { Frame, Trace } from '../types.ts';

/** lockdep's own functions and the lock primitives: whoever called them took the lock. */
const PRIMITIVE = new RegExp(
  `^(?:${[
    '(?:__)?lock_acquire|lock_acquired|lock_map_acquire\\w*|lock_release|validate_chain|check_\\w+|mark_\\w*lock\\w*|mark_usage|register_lock_class|__lock_sync|lock_sync',
    '_?_?_?raw_(?:spin|read|write)_(?:try)?lock\\w*|_?_?(?:spin|read|write)_(?:try)?lock\\w*|do_raw_\\w+|queued_\\w+|rt_(?:spin|read|write)_\\w+|__rt_spin_\\w+',
    '_?_?mutex_\\w+|(?:__)?ww_mutex_\\w+|_?_?rt_mutex\\w*|rtlock_\\w+',
    'down(?:_\\w+)?|__down\\w*|rwsem_\\w+|__rwsem_\\w+|percpu_down\\w*|percpu_rwsem\\w*|cpus_read_lock',
    'srcu_lock_\\w+|_?_?synchronize_srcu\\w*|_?_?flush_work|_?_?flush_workqueue|touch_\\w+_lockdep_map|start_flush_work|_?_?cancel_work_sync|wait_for_\\w*completion\\w*|__wait_for_common',
    'lock_sock\\w*|__lock_sock\\w*|lock_page\\w*|down_trylock|seqcount_\\w+|_raw_\\w+|dump_\\w+|show_stack|walk_stackframe|unwind_\\w+|print_\\w+',
  ].join('|')})$`,
);

/** Where code enters lockdep. */
const ENTRY =
  /^(?:lock_(?:acquire|release|sync|set_class|downgrade|contended|acquired)|lockdep_init_map\w*)$/;

/** More of lockdep's own, which stand only in the stack of a complaint. */
const OWN =
  /^(?:lockdep_\w+|debug_check_no_locks_\w+|up_(?:read|write)|_?_?might_\w+|assign_lock_key|look_up_lock_class|__warn\w*|warn_slowpath\w*|report_bug|handle_bug|exc_\w+|asm_exc_\w+)$/;

/** A function's name without what the compiler put behind it: `.isra.0`. */
const bare = (f: Frame): string => f.func?.replace(/\..*$/, '') ?? '';

/** The function that took a lock: the first reliable frame that is no primitive. */
export const acquirer = (frames: readonly Frame[]): string | undefined =>
  frames.find((f) => !f.unreliable && f.func !== undefined && !PRIMITIVE.test(bare(f)))?.func;

/** The functions of a stack from the one that used the lock on, leftovers of the stack left out. */
export function userOf(frames: readonly Frame[]): string[] {
  const sure = frames.filter((f) => !f.unreliable && f.func !== undefined);
  const entry = sure.findLastIndex((f, i) => i < 20 && ENTRY.test(bare(f)));
  const from = sure.findIndex((f, i) => i > entry && !OWN.test(bare(f)) && !PRIMITIVE.test(bare(f)));
  return sure.slice(Math.max(from, 0)).map((f) => f.func ?? '');
}

/** lockdep's own functions, and the steps below those who wait for others to finish. */
const BELOW_WAIT =
  /^(?:__lock_acquire|lock_acquire|_?_?lock_sync|lock_map_\w+|validate_chain|check_\w+|print_\w+|dump_\w+|show_stack|srcu_lock_\w+|touch_\w+_lockdep_map|start_flush_work|__wait_for_common)$/;
const WAIT =
  /^(?:_?_?synchronize_srcu\w*|_?_?flush_work(?:queue)?|_?_?cancel_work_sync|wait_for_\w*completion\w*)$/;

/** Whether a stack shows somebody who waits for others to finish: lockdep tracks that like the taking of a lock. */
export function isWait(frames: readonly Frame[]): boolean {
  const first = frames.find((f) => !f.unreliable && !BELOW_WAIT.test(bare(f)));
  return first !== undefined && WAIT.test(bare(first));
}

/** The frames that follow a line, up to the first line that is none. */
export function traceAfter(bodies: readonly string[], line: number, heading?: string): Trace {
  const frames: Frame[] = [];
  for (let at = line + 1; at < bodies.length; at++) {
    const body = bodies[at] ?? '';
    const frame = parseFrame(body.startsWith('...') ? body.replace(/^\.\.\. {0,2}/, '') : body);
    if (frame === undefined) break;
    frames.push(frame);
  }
  return { heading: heading ?? (bodies[line] ?? '').trim(), frames };
}
