import type { DebugFiles } from './debug-files.ts';

export interface ScriptRequest {
  readonly debug: DebugFiles;
  /** The unix socket of QEMU's gdb stub. */
  readonly socket: string;
}

/**
 * What gdb has to do before a developer takes over: read the debug information of each object at the place where
 * its code is, and connect. The kernel's image is an argument of gdb's.
 */
export function gdbScript({ debug, socket }: ScriptRequest): string {
  return [
    // Two lines for each object would push everything else off the screen.
    ...debug.objects.map((object) => `pipe ${addSymbols(object)} | cat > /dev/null`),
    // On a busy host QEMU takes longer than the 2 s after which gdb would ask again, and mistake the answers.
    'set remotetimeout 60',
    `target remote ${socket}`,
    `echo ${debug.objects.length} objects have source lines. Set breakpoints (break io_read), then: continue\\n`,
    '',
  ].join('\n');
}

const addSymbols = ({ file, sections }: DebugFiles['objects'][number]): string =>
  [
    'add-symbol-file',
    quoted(file),
    ...sections.map(({ section, address }) => `-s ${quoted(section)} ${address}`),
  ].join(' ');

/** As gdb's own splitting of arguments takes it (libiberty, buildargv). */
const quoted = (text: string): string =>
  /^[\w./+-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

/** The one line to type in another terminal. */
export const gdbCommand = (script: string, vmlinux: string): string =>
  ['gdb', '-q', '-x', script, vmlinux].map(shellWord).join(' ');

const shellWord = (text: string): string =>
  /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
