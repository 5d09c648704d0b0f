/** A function of a C source, by the lines (from 1) of its definition: from its first line to its closing brace. */
export interface SourceFunction {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

/** Attributes with arguments, which stand where a function's name could stand. */
const ATTRIBUTE =
  /^(?:__attribute__|__printf|__scanf|__must_hold|__acquires|__releases|__section|__aligned|__alloc_size|__malloc|__diagnose_as|__realloc_size|__counted_by|__cond_acquires|__no_sanitize)$/;
const KEYWORD =
  /^(?:if|for|while|switch|return|sizeof|do|else|defined|void|int|char|long|short|unsigned|bool)$/;
/** SYSCALL_DEFINE3(name, ...) and COMPAT_SYSCALL_DEFINE3(name, ...), include/linux/syscalls.h. */
const SYSCALL = /^(?:COMPAT_)?SYSCALL_DEFINE[0-6]\s*\(\s*(\w+)/;

/**
 * The name that a definition's head defines (`static int foo(void)`), or undefined when it defines no
 * function. A system call is called by the name it has in its macro.
 */
export function definedName(head: string): string | undefined {
  const text = head.trim();
  const syscall = SYSCALL.exec(text)?.[1];
  if (syscall !== undefined) return syscall;
  if (!/^[A-Za-z_]/.test(text) || /^(?:typedef|struct|union|enum)\s+\w+\s*\{?$/.test(text)) return undefined;
  for (const match of topLevel(text).matchAll(/([A-Za-z_]\w*)\s*\(/g)) {
    const name = match[1] ?? '';
    if (!ATTRIBUTE.test(name) && !KEYWORD.test(name)) return name;
  }
  return undefined;
}

/** The text with the inside of all parentheses taken out. */
function topLevel(text: string): string {
  let depth = 0;
  let out = '';
  for (const char of text) {
    if (char === '(' && depth++ === 0) out += char;
    else if (char === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) out += char;
  }
  return out;
}

/** A line that ends what stands before it, so that no head of a definition reaches above it. */
const ENDS = /^\s*$|[;}]\s*$|^\s*[#*/]|\*\/\s*$|^\w+:\s*$/;
const MAX_HEAD = 12;

/**
 * All functions of a C source in the kernel's style: a body opens with `{` and closes with `}`, each
 * alone in the first column (Documentation/process/coding-style.rst, 3); also one-line inline functions.
 */
export function functionsOf(lines: readonly string[]): SourceFunction[] {
  const found: SourceFunction[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const opens = /^\{\s*(?:\/\*.*)?$/.test(line);
    const inline = !opens && /^[A-Za-z_].*\)\s*\{/.test(line);
    if (!opens && !inline) continue;
    let first = i;
    while (first > 0 && i - first < MAX_HEAD && !ENDS.test(lines[first - 1] ?? '')) first--;
    const head = lines
      .slice(first, inline ? i + 1 : i)
      .join(' ')
      .replace(/\{.*$/, '');
    const name = definedName(head);
    if (name === undefined) continue;
    let last = i;
    if (!/\}\s*$/.test(line)) while (last < lines.length - 1 && lines[last]?.startsWith('}') !== true) last++;
    found.push({ name, first: first + 1, last: last + 1 });
    i = last;
  }
  return found;
}

/** Names under which a function may stand in a trace: those of the system-call wrappers as well. */
export function tracedName(symbol: string): string {
  const name = symbol.replace(/\.(?:isra|part|constprop|cold|llvm|lto_priv|clone)\b.*$/, '');
  return (
    /^(?:__do|__se|__x64|__ia32|__arm64|__riscv|__s390x?|__powerpc|__compat|__do_compat)_(?:compat_)?sys_(\w+)$/.exec(
      name,
    )?.[1] ?? name
  );
}
