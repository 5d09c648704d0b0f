import { readFile } from 'node:fs/promises';
import { RingtrialError } from '../../common/errors.ts';

/** A file that should hold a kernel or an object of one and does not. */
export class NotAKernelImageError extends RingtrialError {
  readonly code = 'NOT_A_KERNEL_IMAGE';
}

/** A symbol that code can stand under: a function, or a label in assembly. */
export interface CodeSymbol {
  readonly name: string;
  /** Address in an image, offset in its section in an object. */
  readonly value: bigint;
  /** As the assembler noted it; 0 for labels. */
  readonly size: number;
  /** Name of its section. */
  readonly section: string;
  readonly global: boolean;
  /** Base name of the source file that a local symbol comes from, where the linker kept it. */
  readonly file: string | undefined;
}

export interface Elf {
  readonly symbols: readonly CodeSymbol[];
  readonly hasLines: boolean;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

const SHT_SYMTAB = 2;
const SHF_EXECINSTR = 4;
const SHF_COMPRESSED = 0x800;
const [STT_NOTYPE, STT_FUNC, STT_FILE] = [0, 2, 4];

/**
 * Reads the symbol table of a 64-bit little-endian ELF file (elf(5)): x86-64, arm64, riscv64, ppc64le kernels.
 *
 * @throws NotAKernelImageError
 */
export async function readElf(file: string): Promise<Elf> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new NotAKernelImageError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  try {
    return parseElf(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new NotAKernelImageError(`${file} is damaged or no 64-bit little-endian ELF file.`, { cause });
  }
}

/** @throws RangeError when the bytes are no such file, or end too early */
export function parseElf(bytes: Buffer): Elf {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    throw new RangeError('no 64-bit little-endian ELF file');
  const sections = readSections(bytes);
  const table = sections.find(({ type }) => type === SHT_SYMTAB);
  const names = table && sections[table.link];
  return {
    symbols: table === undefined || names === undefined ? [] : readSymbols(bytes, sections, table),
    hasLines: sections.some(({ name, size }) => /^\.z?debug_line$/.test(name) && size > 0),
  };
}

function readSections(bytes: Buffer): Section[] {
  const start = Number(bytes.readBigUInt64LE(0x28));
  const [entry, count, namesAt] = [0x3a, 0x3c, 0x3e].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
  ];
  const raw = Array.from({ length: count }, (_, index) => {
    const at = start + index * entry;
    return {
      nameAt: bytes.readUInt32LE(at),
      type: bytes.readUInt32LE(at + 4),
      flags: Number(bytes.readBigUInt64LE(at + 8)),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  });
  const names = raw[namesAt]?.offset ?? 0;
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: stringAt(bytes, names + nameAt) }));
}

function stringAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  if (at >= bytes.length || end < 0) throw new RangeError('a name outside of the file');
  return bytes.toString('latin1', at, end);
}

const ENTRY = 24;

function readSymbols(bytes: Buffer, sections: readonly Section[], table: Section): CodeSymbol[] {
  const names = sections[table.link]?.offset ?? 0;
  const found: CodeSymbol[] = [];
  let file: string | undefined;
  for (let at = table.offset; at + ENTRY <= table.offset + table.size; at += ENTRY) {
    const info = bytes.readUInt8(at + 4);
    const [type, global] = [info & 15, info >> 4 !== 0];
    if (type === STT_FILE) file = stringAt(bytes, names + bytes.readUInt32LE(at)) || undefined;
    if (type !== STT_FUNC && type !== STT_NOTYPE) continue;
    const section = sections[bytes.readUInt16LE(at + 6)];
    if (
      section === undefined ||
      (section.flags & SHF_EXECINSTR) === 0 ||
      (section.flags & SHF_COMPRESSED) !== 0
    )
      continue;
    const name = stringAt(bytes, names + bytes.readUInt32LE(at));
    if (name === '' || name.startsWith('.L') || name.startsWith('__pfx_') || name.startsWith('$')) continue;
    found.push({
      name,
      value: bytes.readBigUInt64LE(at + 8),
      size: Number(bytes.readBigUInt64LE(at + 16)),
      section: section.name,
      global,
      // Globals come after all locals, behind the last file's name.
      file: global ? undefined : file,
    });
  }
  return found;
}

/**
 * Symbols by name, with the size that the kernel prints: up to the next symbol, padding included
 * (get_symbol_pos, kernel/kallsyms.c).
 */
export class SymbolTable {
  readonly #byName = new Map<string, CodeSymbol[]>();
  readonly #next = new Map<string, Map<bigint, bigint>>();

  constructor(symbols: readonly CodeSymbol[]) {
    const places = new Map<string, bigint[]>();
    for (const symbol of symbols) {
      this.#byName.set(symbol.name, [...(this.#byName.get(symbol.name) ?? []), symbol]);
      const list = places.get(symbol.section);
      if (list === undefined) places.set(symbol.section, [symbol.value]);
      else list.push(symbol.value);
    }
    for (const [section, values] of places) {
      const sorted = [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));
      this.#next.set(
        section,
        new Map(sorted.slice(1).map((value, index) => [sorted[index] as bigint, value])),
      );
    }
  }

  /** Symbols of a name at different places. */
  named(name: string): readonly CodeSymbol[] {
    const all = this.#byName.get(name) ?? [];
    return all.filter(
      (one, index) =>
        all.findIndex((other) => other.section === one.section && other.value === one.value) === index,
    );
  }

  /** Whether a symbol is as long as a trace says. The last one of a section has no next one: there its own size counts, and padding. */
  fits(symbol: CodeSymbol, printed: number): boolean {
    const next = this.#next.get(symbol.section)?.get(symbol.value);
    if (next !== undefined) return next - symbol.value === BigInt(printed);
    return symbol.size <= printed && printed < symbol.size + MAX_PADDING;
  }

  /** The printed size, as far as it is known here. */
  length(symbol: CodeSymbol): number {
    const next = this.#next.get(symbol.section)?.get(symbol.value);
    return next === undefined ? symbol.size : Number(next - symbol.value);
  }
}

/** Functions are aligned to 64 bytes at most (CONFIG_FUNCTION_ALIGNMENT). */
const MAX_PADDING = 64;
