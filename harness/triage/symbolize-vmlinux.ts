import { Addr2line } from './addr2line.ts';
import { NotAKernelImageError, readElf, SymbolTable } from './elf.ts';
import type { Resolution, Resolver, SymbolRef } from './symbolize.ts';

/** Finds source places in one kernel image with DWARF line information. */
export class ImageResolver implements Resolver, AsyncDisposable {
  readonly #file: string;
  readonly #table: SymbolTable;
  readonly #lines: Addr2line;
  /** What stands before a path of the kernel tree in the image. */
  readonly #top: string;

  private constructor(fields: { file: string; table: SymbolTable; lines: Addr2line; top: string }) {
    this.#file = fields.file;
    this.#table = fields.table;
    this.#lines = fields.lines;
    this.#top = fields.top;
  }

  /** @throws NotAKernelImageError, MissingToolError */
  static async open(file: string): Promise<ImageResolver> {
    const elf = await readElf(file);
    if (!elf.hasLines)
      throw new NotAKernelImageError(
        `${file} has no line information: build it with CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y, or name the vmlinux of the package with debug symbols.`,
      );
    const table = new SymbolTable(elf.symbols);
    const lines = await Addr2line.open(file);
    return new ImageResolver({ file, table, lines, top: await topOf(table, lines) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines[Symbol.asyncDispose]();
  }

  async resolve(ref: SymbolRef): Promise<Resolution> {
    if (ref.module !== undefined)
      return { problem: `${ref.func} is in the module ${ref.module}, whose code is not in ${this.#file}.` };
    const named = this.#table.named(ref.func);
    const fitting = named.filter((symbol) => this.#table.fits(symbol, ref.size));
    const [symbol] = fitting;
    if (symbol === undefined)
      return {
        problem: this.#missing(
          ref,
          named.map((one) => this.#table.length(one)),
        ),
      };
    if (fitting.length > 1) {
      const files = fitting.map(({ file }) => file ?? '?').join(', ');
      return {
        problem: `${fitting.length} functions of ${ref.size} bytes are called ${ref.func} (${files}): the log does not tell which.`,
      };
    }
    // A call's return address may belong to the next statement, or to the next function.
    const places = await this.#lines.at(
      symbol.value + BigInt(ref.offset - (ref.exact || ref.offset === 0 ? 0 : 1)),
    );
    return places.length === 0
      ? { problem: `${this.#file} has no line information for ${ref.func}.` }
      : { places: places.map((place) => ({ ...place, file: withinTree(place.file, this.#top) })) };
  }

  #missing({ func, size }: SymbolRef, lengths: readonly number[]): string {
    return lengths.length === 0
      ? `${func} is not in ${this.#file}.`
      : `${func} is ${size} bytes long in the log and ${[...new Set(lengths)].join(' or ')} in ${this.#file}: that is another build.`;
  }
}

/** The start of every path, read off a function that every kernel has at a known place (init/main.c). */
async function topOf(table: SymbolTable, lines: Addr2line): Promise<string> {
  const [start] = table.named('start_kernel');
  const place = start && (await lines.at(start.value)).at(-1);
  return place?.file.endsWith('init/main.c') === true ? place.file.slice(0, -'init/main.c'.length) : '';
}

/** A path as it is written in the kernel tree, without `..` on the way. */
export function withinTree(file: string, top: string): string {
  const rest = top !== '' && file.startsWith(top) ? file.slice(top.length) : file;
  const parts: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
