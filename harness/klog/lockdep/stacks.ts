import { parseFrame } from '../trace.ts';
import type { Frame, Trace } from '../types.ts';

/** lockdep's own functions and the lock primitives: whoever called them took the lock. */
const PRIMITIVE = new RegExp(
  `^(?:${[
    '(?:__)?lock_acquire|lock_acquired|lock_map_acquire\\w*|lock_release|validate_chain|check_\\w+|mark_\\w*lock\\w*|mark_usage|register_lock_class|__lock_sync|lock_sync',
    '_?_?_?raw_(?:spin|read|write)_(?:try)?lock\\w*|_?_?(?:spin|read|write)_(?:try)?lock\\w*|do_raw_\\w+|queued_\\w+|rt_(?:spin|read|write)_\\w+|__rt_spin_\\w+',
    '_?_?mutex_\\w+|(?:__)?ww_mutex_\\w+|_?_?rt_mutex\\w*|rtlock_\\w+',
    'down(?:_\\w+)?|__down\\w*|rwsem_\\w+|__rwsem_\\w+|percpu_down\\w*|percpu_rwsem\\w*|cpus_read_lock',
    'lock_sock\\w*|__lock_sock\\w*|lock_page\\w*|down_trylock|seqcount_\\w+|_raw_\\w+|dump_\\w+|show_stack|walk_stackframe|unwind_\\w+|print_\\w+',
  ].join('|')})$`,
);

/** The function that took a lock: the first reliable frame that is no primitive. */
export const acquirer = (frames: readonly Frame[]): string | undefined =>
  frames.find((f) => !f.unreliable && f.func !== undefined && !PRIMITIVE.test(f.func.replace(/\..*$/, '')))
    ?.func;

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
