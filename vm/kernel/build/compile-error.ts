import path from 'node:path';
import type { CompileError } from '../types.ts';

/** What is wrong, without where make's output is kept. */
export type FirstError = Pick<CompileError, 'kind' | 'file' | 'line' | 'message'>;

/** gcc's `file:line:column: error: text`; the assembler writes `Error:` and no column. */
const COMPILER = /^(?<file>[^\s:][^:]*):(?<line>\d+):(?:\d+:)? (?:fatal )?[Ee]rror: (?<message>.*)$/;
/** `kconfig` parsers: `io_uring/Kconfig:5: syntax error` or `… :5:warning: …`, the latter not being fatal. */
const KCONFIG = /^(?<file>\S*Kconfig\S*):(?<line>\d+): (?!warning)(?<message>.+)$/;
/** GNU make on a makefile: `scripts/Makefile.build:44: *** missing separator.  Stop.` */
const MAKEFILE = /^(?<file>[^\s:]+):(?<line>\d+): \*\*\* (?<message>.*?)(?: {2}Stop\.)?$/;
const LINKER =
  /^(?:\S*ld(?:\.bfd|\.lld)?: )(?<message>.*(?:undefined reference|multiple definition|error|failed|cannot find).*)$/;
/** GNU ld names the function on one line and the fault on the next: `rw.c:(.text+0x12): undefined reference to …`. */
const UNDEFINED = /^(?<message>\S+:\(\S+\): (?:undefined reference|relocation|dangerous relocation).*)$/;
const OBJTOOL = /^(?<message>\S+\.o: error: objtool: .*|error: objtool: .*|ERROR: modpost: .*)$/;
const COMMAND = /^(?:cc1|gcc|as|collect2)(?:: fatal)?: [Ee]rror: (?<message>.*)$/;
/** The last resort: `make[3]: *** [scripts/Makefile.build:250: io_uring/rw.o] Error 1`. */
const MAKE = /^make(?:\[\d+\])?: \*\*\* (?<message>.*)$/;

const RULES: readonly { readonly kind: CompileError['kind']; readonly pattern: RegExp }[] = [
  { kind: 'compile', pattern: COMPILER },
  { kind: 'config', pattern: KCONFIG },
  { kind: 'other', pattern: MAKEFILE },
  { kind: 'link', pattern: LINKER },
  { kind: 'link', pattern: UNDEFINED },
  { kind: 'link', pattern: OBJTOOL },
  { kind: 'compile', pattern: COMMAND },
];

/** Signs that this machine failed and not the source. */
const MACHINE =
  /No space left on device|Disk quota exceeded|Read-only file system|Input\/output error|Killed signal terminated|virtual memory exhausted|Cannot allocate memory|internal compiler error|Too many open files/;

/** A source line that the compiler quotes below its message may say anything. */
const QUOTED = /^\s+\d*\s*\|/;

/** Watches make's output line by line and remembers the first error in it. */
export class ErrorWatch {
  #first: FirstError | null = null;
  #fallback: FirstError | null = null;
  #machine: string | null = null;
  readonly #sourceDir: string;
  readonly #buildDir: string;

  /** Both absolute: paths in messages are made relative to `sourceDir`. */
  constructor(sourceDir: string, buildDir: string) {
    this.#sourceDir = sourceDir;
    this.#buildDir = buildDir;
  }

  line(text: string): void {
    if (this.#machine === null && MACHINE.test(text) && !QUOTED.test(text)) this.#machine = text;
    this.#first ??= this.#match(text);
    const last = MAKE.exec(text)?.groups?.['message'];
    if (last !== undefined) this.#fallback ??= { kind: 'other', file: null, line: null, message: last };
  }

  #match(text: string): FirstError | null {
    for (const { kind, pattern } of RULES) {
      const groups = pattern.exec(text)?.groups;
      if (groups === undefined) continue;
      const file = groups['file'];
      return {
        kind,
        file: file === undefined ? null : relativeTo(this.#sourceDir, this.#buildDir, file),
        line: groups['line'] === undefined ? null : Number(groups['line']),
        message: groups['message'] ?? text,
      };
    }
    return null;
  }

  /** The first error, or what make said last; null when there was none. */
  get error(): FirstError | null {
    return this.#first ?? this.#fallback;
  }

  /** The line that shows a fault of this machine, if there was one. */
  get machineFault(): string | null {
    return this.#machine;
  }
}

/** A path as the compiler wrote it (it runs in `buildDir`), relative to the source; generated files stay relative to `buildDir`. */
function relativeTo(sourceDir: string, buildDir: string, file: string): string | null {
  if (file === '{standard input}') return null;
  const absolute = path.resolve(buildDir, file);
  const inSource = path.relative(sourceDir, absolute);
  if (!inSource.startsWith('..')) return inSource;
  // kconfig and make name files relative to the source, wherever they run.
  const inBuild = path.relative(buildDir, absolute);
  return inBuild.startsWith('..') ? absolute : inBuild;
}
