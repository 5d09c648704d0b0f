import type { Frame, Trace } from './types.ts';

/** What may follow `func+0x1a/0x2b`: `[module]`, `file.c:12` from a symbolizer. Groups: module, at. */
const AFTER_SYMBOL = /^(?: \[([\w-]{1,64})(?: [0-9a-f]{1,64})?\])?(?: ([^\s:]{1,250}:\d{1,7}))?/;
const STARTS_SYMBOL = /[A-Za-z_.$<]/;
/** Longer than any name in kallsyms (KSYM_NAME_LEN). */
const MAX_NAME = 512;

/** The value of a hexadecimal digit's character code, or -1. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** Where the (at most eight) hexadecimal digits that begin at `from` end. */
function hexEnd(text: string, from: number): number {
  let at = from;
  while (at < from + 8 && hexDigit(text.charCodeAt(at)) >= 0) at++;
  return at;
}

function hexValue(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 16 + hexDigit(text.charCodeAt(at));
  return value;
}

/** Whether a character stands between two places. */
function between(text: string, char: string, from: number, to: number): boolean {
  const at = text.indexOf(char, from);
  return at >= 0 && at < to;
}

/** Where `func+0x1a/0x2b` has its signs. */
interface SymbolParts {
  readonly plus: number;
  readonly slash: number;
  readonly end: number;
}

/** Finds the parts of a symbol that begins at `from`: by hand, since most lines of a report are frames. */
function symbolAt(text: string, from: number): SymbolParts | undefined {
  const plus = text.indexOf('+', from);
  if (plus <= from || plus - from > MAX_NAME || !text.startsWith('0x', plus + 1)) return undefined;
  const slash = hexEnd(text, plus + 3);
  if (slash === plus + 3 || !text.startsWith('/0x', slash)) return undefined;
  const end = hexEnd(text, slash + 3);
  if (end === slash + 3 || between(text, ' ', from, plus) || between(text, '\t', from, plus))
    return undefined;
  return { plus, slash, end };
}

/** Addresses that old or other architectures' printers put first: `[<ffffffff81000000>] `, `[c000000000001000] `. */
const ADDRESSES = /^(?:\[<?(?:[0-9a-f]{4,16}|\(ptrval\)|\(____ptrval____\))>?\] {0,2}){1,2}/;

/** arch/arm/kernel/traps.c dump_backtrace_entry: `[<80100000>] (callee) from [<80100010>] (caller+0x1/0x2)`. */
const ARM =
  /^(?:\[<[0-9a-f]{8}>\] )?\(?(?<callee>[A-Za-z_.$][\w.$]{0,255})\)? from (?:\[<[0-9a-f]{8}>\] \()?(?=[A-Za-z_])/;

/** Symbolizers print inlined frames without an offset: `foo kernel/foo.c:12 [inline]`. */
const INLINE = /^(?<func>[A-Za-z_.$][^\s+()]{0,255}) (?<at>[^\s:]{1,250}:\d{1,7}) \[inline\]/;

function symbol(text: string, unreliable: boolean): Frame | undefined {
  const parts = symbolAt(text, 0);
  if (parts === undefined || !STARTS_SYMBOL.test(text[0] ?? '')) return undefined;
  const { plus, slash, end } = parts;
  const frame = {
    func: text.slice(0, plus),
    offset: hexValue(text, plus + 3, slash),
    size: hexValue(text, slash + 3, end),
    inlined: false,
    unreliable,
  };
  if (end === text.length) return frame;
  const [, module, at] = AFTER_SYMBOL.exec(text.slice(end)) ?? [];
  if (module === undefined && at === undefined) return frame;
  return { ...frame, ...(module === undefined ? {} : { module }), ...(at === undefined ? {} : { at }) };
}

/** The function that an arm line is about; the line's symbol is where that one was called. */
export const armCallee = (body: string): string | undefined =>
  body.includes(' from ') ? ARM.exec(body.trim())?.groups?.['callee'] : undefined;

/**
 * The frame that a line of a stack trace shows, or undefined. Formats: stack_trace_print() (kernel/stacktrace.c),
 * show_trace_log_lvl() (x86), dump_backtrace_entry() (arm, arm64), show_stack() (powerpc: `(unreliable)` behind).
 */
export const parseFrame = (body: string): Frame | undefined => frameOf(body.trim());

function frameOf(line: string): Frame | undefined {
  let text = line;
  const first = text.charCodeAt(0);
  if (first === 0x5b /* [ */) {
    const arm = ARM.exec(text);
    if (arm !== null) return symbol(text.slice(arm[0].length), false);
    const addresses = ADDRESSES.exec(text);
    if (addresses === null) return undefined;
    text = text.slice(addresses[0].length);
  }
  const unreliable = text.startsWith('? ');
  if (unreliable) text = text.slice(2);
  if (text.startsWith('(')) text = text.slice(1);
  if (text.includes('+')) {
    const frame = symbol(text, unreliable || text.endsWith('(unreliable)'));
    if (frame !== undefined) return frame;
    const arm = text.includes('+0x') ? ARM.exec(text) : null;
    if (arm !== null) return symbol(text.slice(arm[0].length), false);
  }
  const inline = text.endsWith('[inline]') ? INLINE.exec(text)?.groups : undefined;
  if (inline !== undefined)
    return { func: inline['func'] ?? '', at: inline['at'] ?? '', inlined: true, unreliable: false };
  return /^0x[0-9a-f]{4,16}$/.test(text) ? { inlined: false, unreliable } : undefined;
}

const FRAME_ADDRESSES = /^(?:\[<?[0-9a-f]{4,16}>?\] {0,2}){1,2}/;

/** Quick: whether a line looks like one of a stack trace. */
export function isFrame(text: string): boolean {
  if (text.includes('+')) {
    const addresses = text.startsWith('[') ? FRAME_ADDRESSES.exec(text) : null;
    let from = addresses === null ? 0 : addresses[0].length;
    if (text.startsWith('? ', from)) from += 2;
    if (symbolAt(text, from) !== undefined) return true;
  }
  return (text.startsWith('[<') && text.includes(' from ')) || text.endsWith('[inline]');
}

/** Lines that name the instruction at which a CPU stood: x86 show_ip(), arm `PC is at`, arm64 `pc :`, powerpc `NIP`. */
const POINTER =
  /^(?:RIP: (?:[0-9a-f]{4}:)?|EIP: (?:[0-9a-f]{4}:)?|EIP is at |IP: |PC is at |pc : |epc : |NIP |--- interrupt: [0-9a-f]{1,4} at )(?=\S)/;

/** The kernel function on a line that shows an instruction pointer (user addresses have none). */
export function parsePointer(body: string): Frame | undefined {
  const text = body.trim();
  const m = POINTER.exec(text);
  if (m === null) return undefined;
  let rest = text.slice(m[0].length);
  const addresses = /^(?:\[<?[0-9a-f]{4,16}>?\] {0,4}){1,2}/.exec(rest);
  if (addresses !== null) rest = rest.slice(addresses[0].length);
  return symbol(rest, false);
}

const HEADING = /^(?:Call [Tt]race|Backtrace|stack backtrace|NMI backtrace|backtrace)\b/;
/** What ends a stack besides a blank line: registers may follow it once more (oops_end, arch/x86/kernel/dumpstack.c). */
const OVER = /^---\[ end /;
const MARK = /^<\/?[A-Za-z#][A-Za-z0-9]{0,11}>/;
/** Registers that stand inside a trace, between the interrupted function and its callers. */
const REGISTERS =
  /^(?:R[A-Z0-9]{1,2}|E[A-Z]{2}|ORIG_RAX|Code|FS|CS|CR\d|DR\d|[cdefgs]s|x\d{1,2}|r\d{1,2}|sp|pc|lr|pstate|psr) {0,2}: ?/;

/** A line of a report, read once. */
export interface Row {
  readonly body: string;
  /** `body` without white space at both ends. */
  readonly text: string;
  readonly frame?: Frame;
  readonly pointer?: Frame;
}

export function readRow(body: string): Row {
  const text = body.trim();
  const frame = frameOf(text);
  if (frame !== undefined) return { body, text, frame };
  const pointer = text.includes('+') ? parsePointer(text) : undefined;
  return pointer === undefined ? { body, text } : { body, text, pointer };
}

/** Every run of frames in a report, with the line that stands above it. Foreign lines in between do not break a run. */
export function parseTraces(rows: readonly Row[]): Trace[] {
  const traces: Trace[] = [];
  let heading = '';
  let frames: Frame[] = [];
  /** Where the CPU stood is a part of the stack only when its callers follow: registers may be shown behind a stack too. */
  let pointers = 0;
  const flush = (): void => {
    frames.length -= pointers;
    pointers = 0;
    if (frames.length > 0) traces.push({ heading, frames });
    frames = [];
  };
  for (const row of rows) {
    const { text } = row;
    const frame = row.frame ?? (frames.length > 0 ? row.pointer : undefined);
    if (frame !== undefined) {
      const callee = frames.length === 0 ? armCallee(text) : undefined;
      if (callee !== undefined) frames.push({ func: callee, inlined: false, unreliable: false });
      frames.push(frame);
      pointers = row.frame === undefined ? pointers + 1 : 0;
    } else if (text === '' || OVER.test(text)) flush();
    else if (MARK.test(text)) continue;
    else if (frames.length === 0 || HEADING.test(text) || (text.endsWith(':') && !REGISTERS.test(text))) {
      flush();
      heading = text;
    }
  }
  flush();
  return traces;
}
