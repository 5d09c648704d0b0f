import type { Segment } from './segment.ts';
import type { Row } from './trace.ts';
import type { Trace } from './types.ts';

/**
 * Messages that come with a stack of their own and are no report: warn_alloc() (mm/page_alloc.c) and
 * fail_dump() (lib/fault-inject.c). Inside a report they mean that another context prints as well.
 */
const INTRUDER = /FAULT_INJECTION: forcing a failure|: (?:page )?allocation failure[:,]/;

/** Kinds that dump the stacks of several tasks or CPUs on purpose. */
const MANY_STACKS = /^(?:alloc|rcu|hung|softlockup|hardlockup|wq|csd|oom|kcsan|panic|init)/;

/** Once its stack is shown and one of these follows, what matters of a report is told. */
const TOLD = /^(?:---\[ end |Kernel panic|The buggy address|Memory state|Allocated by|Freed by)/;

/**
 * The line (counted from the header) from which on another context wrote into the report, when it did:
 * without caller ids nothing tells its lines from the report's own.
 */
export function intrusion(kind: string, rows: readonly Row[], headerPid?: string): number | undefined {
  if (MANY_STACKS.test(kind)) return undefined;
  let pid = headerPid;
  let shown = false;
  for (const [i, { body, frame }] of rows.entries()) {
    shown ||= frame?.unreliable === false;
    if (frame !== undefined) continue;
    if (shown && TOLD.test(body)) return undefined;
    if (body.includes('failure') && INTRUDER.test(body)) return i;
    const own = body.includes('Comm: ')
      ? /^CPU: \d{1,5} (?:UID: \d{1,10} )?PID: (\d{1,10}) Comm: /.exec(body)?.[1]
      : undefined;
    if (own === undefined) continue;
    if (pid !== undefined && pid !== own) return i;
    pid = own;
  }
  return undefined;
}

/** What is known of a report's wholeness besides its lines. */
export interface Findings {
  readonly rows: readonly Row[];
  /** The report's lines with their prefixes. */
  readonly text: string;
  readonly traces: readonly Trace[];
  /** The report names no function although its kind always does. */
  readonly unnamed: boolean;
  readonly intrusion?: number;
}

/** Why a report cannot be trusted whole, or undefined when it can. */
export function corruption(segment: Segment, found: Findings): string | undefined {
  const { rule } = segment.header;
  if (segment.torn !== undefined) return `another report began inside it: ${segment.torn}`;
  if (found.text.includes(' printk messages dropped **'))
    return 'the kernel dropped messages inside the report';
  if (found.intrusion !== undefined) return 'the stack of another context is mixed into it';
  if (
    found.rows.some(
      ({ body: b }) =>
        b.startsWith('WARNING: k') && /^WARNING: kernel stack (?:regs|frame pointer) at /.test(b),
    ) &&
    rule.oneLine !== true
  )
    return 'the unwinder lost its way in the stack';
  if (rule.oneLine === true || rule.traceless === true) return undefined;
  if (found.traces.every((t) => t.frames.length === 0))
    return segment.cut ? 'the log ends before its stack trace' : 'it has no stack trace';
  return found.unnamed ? 'its stack does not show what led there' : undefined;
}
