import type { Frame, Trace } from './types.ts';

/**
 * One line of a stack trace: `%pS`/`%pB` as stack_trace_print(), show_trace_log_lvl() and arm64's
 * dump_backtrace_entry() print it. Older kernels put `[<ffffffff81000000>]` first and `?` after it;
 * symbolizers append `file:line` and `[inline]`.
 */
const FRAME =
  /^(?:\[<(?:[0-9a-f]{4,16}|\(ptrval\)|0000000000000000)>\] ?)?(?:(?<maybe>\?) )?(?:\((?=[^)\s]+\+))?(?<func>[A-Za-z_.$<][^\s+()]{0,255}?)\+0x(?<offset>[0-9a-f]{1,8})\/0x(?<size>[0-9a-f]{1,8})\)?(?: \[(?<module>[\w-]{1,60})(?: [0-9a-f]{1,60})?\])?(?: (?<at>[^\s:]{1,250}:\d{1,7}))?(?<rest>.*)$/;

/** Symbolizers print inlined frames without an offset: `foo kernel/foo.c:12 [inline]`. */
const INLINE = /^(?<func>[A-Za-z_.$][^\s+()]{0,255}) (?<at>[^\s:]{1,250}:\d{1,7}) \[inline\]/;

const ADDRESS = /^(?:\[<[0-9a-f]{4,16}>\] ?)?(?<maybe>\? )?0x[0-9a-f]{1,16}$/;

/** The frame that a line shows, or undefined when it is no line of a stack trace. */
export function parseFrame(body: string): Frame | undefined {
  const text = body.trim();
  const m = FRAME.exec(text);
  if (m?.groups !== undefined) {
    const g = m.groups;
    return {
      func: g['func'] ?? '',
      offset: Number.parseInt(g['offset'] ?? '0', 16),
      size: Number.parseInt(g['size'] ?? '0', 16),
      ...(g['module'] === undefined ? {} : { module: g['module'] }),
      ...(g['at'] === undefined ? {} : { at: g['at'] }),
      inlined: false,
      unreliable: g['maybe'] !== undefined,
    };
  }
  const inline = INLINE.exec(text);
  if (inline?.groups !== undefined)
    return {
      func: inline.groups['func'] ?? '',
      at: inline.groups['at'] ?? '',
      inlined: true,
      unreliable: false,
    };
  const address = ADDRESS.exec(text);
  return address === null
    ? undefined
    : { inlined: false, unreliable: address.groups?.['maybe'] !== undefined };
}

const HEADING = /^(?:Call [Tt]race|Backtrace|stack backtrace|NMI backtrace|Stack|backtrace)\b/;

/** Every run of frames in a report with the line that stands above it. `<TASK>`, `<IRQ>` marks are skipped. */
export function parseTraces(bodies: readonly string[]): Trace[] {
  const traces: Trace[] = [];
  let heading = '';
  let frames: Frame[] = [];
  const flush = (): void => {
    if (frames.length > 0) traces.push({ heading, frames });
    frames = [];
  };
  for (const body of bodies) {
    const text = body.trim();
    if (text === '' || /^<\/?(?:TASK|IRQ|NMI|SOFTIRQ|EOI|#\w+|\w+)>$/.test(text)) continue;
    const frame = parseFrame(text);
    if (frame !== undefined) {
      frames.push(frame);
      continue;
    }
    if (frames.length > 0 && /^(?:RIP|[A-Z][A-Z0-9]{1,2}|Code|ORIG_RAX): /.test(text)) continue;
    if (frames.length > 0 || HEADING.test(text) || text.endsWith(':')) flush();
    heading = text;
  }
  flush();
  return traces;
}
