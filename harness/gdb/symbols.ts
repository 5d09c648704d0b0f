import { capture } from '../../vm/kernel/index.ts';

/** A function or a variable of an object file or of a kernel image. */
export interface PlacedSymbol {
  readonly name: string;
  /** Address in an image, offset in its section in an object. */
  readonly value: bigint;
  /** Bytes. */
  readonly size: number;
  readonly section: string;
  readonly code: boolean;
  readonly global: boolean;
  /** Base name of the source file that a local symbol comes from. */
  readonly file: string | undefined;
}

/** Value, seven flags, section, tab, size, and a name that a visibility may precede (binutils, bfd/elf.c, bfd_elf_print_symbol). */
const LINE = /^([0-9a-f]{16}) (.{7}) (\S+)\t([0-9a-f]{16}) (?:\.(?:hidden|internal|protected) )?(.*)$/;

/**
 * Reads what `objdump --syms` prints: functions and variables of a known size. Weak symbols are left out, for
 * another object's may have taken their place.
 */
export function parseSymbols(text: string): PlacedSymbol[] {
  const symbols: PlacedSymbol[] = [];
  let file: string | undefined;
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, value = '', flags = '', section = '', length = '', name = ''] = match;
    // Column 1: l, g, u or !; column 2: w for weak; column 7: F, f, O or nothing.
    const [scope, weak, kind] = [flags[0], flags[1], flags[6]];
    if (kind === 'f') file = name;
    const size = Number.parseInt(length, 16);
    if ((kind !== 'F' && kind !== 'O') || weak === 'w' || size === 0 || section.startsWith('*')) continue;
    const global = scope !== 'l';
    symbols.push({
      ...{ name, value: BigInt(`0x${value}`), size, section, code: kind === 'F', global },
      // Globals follow all locals, behind the last file's name.
      file: global ? undefined : file,
    });
  }
  return symbols;
}

/** @throws MissingToolError when binutils is not installed, Error when the file is no object */
export async function readSymbols(file: string, signal?: AbortSignal): Promise<PlacedSymbol[]> {
  const { exitCode, stdout, stderr } = await capture(['objdump', '--syms', file], { signal });
  if (exitCode !== 0) throw new Error(`objdump cannot read ${file}: ${stderr.trim()}`);
  return parseSymbols(stdout);
}
