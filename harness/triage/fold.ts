import { peel } from '../klog/prefix.ts';

/** A line to show, or lines of little meaning that stand behind one word. */
export type Part =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'fold'; readonly what: string; readonly lines: readonly string[] };

interface Rule {
  readonly what: string;
  readonly re: RegExp;
  /** Shorter runs are shown. */
  readonly least: number;
}

/** Tried in order, on a line without its prefix. */
const RULES: readonly Rule[] = [
  // A `?` means: found on the stack, but not by unwinding (show_trace_log_lvl, arch/x86/kernel/dumpstack.c).
  { what: 'frames that the unwinder did not confirm', re: /^\s*\? /, least: 1 },
  {
    what: 'registers',
    re: /^\s*(?:RSP|RAX|RDX|RBP|RSI|R1[0-5]|R[0-9]{2}|RIP: 0033|EFLAGS|EAX|ESI|CS|FS|DS|ES|CR[0-9]|DR[0-9]|Code|PKRU|x\d{1,2}\s?|r\d{1,2}\s?|sp|pstate):? ?[:0-9a-f]/,
    least: 2,
  },
  { what: 'modules', re: /^\s*(?:Modules linked in:|Unloaded tainted modules:)/, least: 1 },
  {
    what: 'memory',
    re: /^\s*(?:[0-9a-f]{8,16}: ?(?:[0-9a-f]{2} ){8}|(?:Object|Redzone|Padding|Bytes b4)\b.{0,24}[0-9a-f]{16}: )/,
    least: 3,
  },
  {
    what: "frames of the lock checker's own",
    re: /^\s*(?:(?:__)?dump_stack(?:_lvl)?|print_circular_bug|print_\w*(?:bug|usage|dependency)\w*|check_(?:noncircular|prev_add|prevs_add|irq_usage|path)|validate_chain|__lock_acquire|lock_acquire|mark_lock\w*|mark_usage)(?:\.\w+(?:\.\d+)?)?(?:\+0x| \S+:\d+ \[inline\]$)/,
    least: 1,
  },
];

/** In a circular report the last stack is that of `-> #0` once more. */
const AGAIN = /^\s*stack backtrace:/;
const CHAIN = /^\s*-> #0 \(/;

/**
 * Folds away what rarely helps: unconfirmed frames, registers, memory, lockdep's own frames, and in a
 * report of a circular dependency the stack that it prints a second time. Nothing is lost.
 */
export function fold(text: string): Part[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const bodies = lines.map((line) => peel(line).body);
  const chain = bodies.some((body) => CHAIN.test(body));
  const again = chain ? bodies.findIndex((body) => AGAIN.test(body)) : -1;
  const parts: Part[] = [];
  for (let at = 0; at < lines.length; ) {
    if (at === again) {
      parts.push({ type: 'fold', what: 'the stack of #0 once more', lines: lines.slice(at) });
      break;
    }
    const length = runAt(bodies, at, parts);
    const run = lines.slice(at, at + length.count);
    if (length.what === undefined) parts.push({ type: 'line', text: lines[at] ?? '' });
    else if (length.what !== '') parts.push({ type: 'fold', what: length.what, lines: run });
    at += length.count;
  }
  return parts;
}

/** What begins at a line: a run to fold, a blank line after another (folded without a word), or one line to show. */
function runAt(
  bodies: readonly string[],
  at: number,
  before: readonly Part[],
): { readonly what?: string; readonly count: number } {
  const body = bodies[at] ?? '';
  if (body.trim() === '') {
    const last = before.at(-1);
    const afterBlank = last === undefined || (last.type === 'line' && peel(last.text).body.trim() === '');
    return afterBlank ? { what: '', count: 1 } : { count: 1 };
  }
  const rule = RULES.find(({ re }) => re.test(body));
  if (rule === undefined) return { count: 1 };
  let count = 1;
  while (at + count < bodies.length && rule.re.test(bodies[at + count] ?? '')) count++;
  return count >= rule.least ? { what: rule.what, count } : { count: 1 };
}
