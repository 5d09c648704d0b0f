import type { PlacedSymbol } from './symbols.ts';

/** Where a section of an object ended up in the kernel. */
export interface SectionPlace {
  readonly section: string;
  readonly address: bigint;
}

export type Placement =
  | { readonly sections: readonly SectionPlace[] }
  /** The object's code is not the kernel's; says how that shows. */
  | { readonly problem: string };

/** A kernel image's symbols by name. */
export type ImageSymbols = ReadonlyMap<string, readonly PlacedSymbol[]>;

export const byName = (symbols: readonly PlacedSymbol[]): ImageSymbols =>
  Map.groupBy(symbols, ({ name }) => name);

/** The linker throws these away (include/asm-generic/vmlinux.lds.h, DISCARDS). */
const DISCARDED = /^\.discard/;

/**
 * Finds where the linker put the sections of an object that was compiled again: the address of each symbol less its
 * offset in the section, which must come to the same for all of them. Every function must be in the image at its
 * full length, else the object as a whole is refused; a section of variables that does not fit is just not placed.
 */
export function placeObject(symbols: readonly PlacedSymbol[], image: ImageSymbols): Placement {
  const sections: SectionPlace[] = [];
  for (const [section, members] of Map.groupBy(symbols, (symbol) => symbol.section)) {
    if (DISCARDED.test(section)) continue;
    const start = startOf(members, image);
    if (typeof start === 'bigint') sections.push({ section, address: start });
    else if (members.some(({ code }) => code)) return { problem: start };
  }
  if (sections.length === 0) return { problem: 'it has neither functions nor variables' };
  // gdb wants .text first, for it has no other name for "where the file is".
  return { sections: sections.toSorted((a, b) => rank(a) - rank(b)) };
}

const rank = ({ section }: SectionPlace): number => (section === '.text' ? 0 : 1);

/** The address of a section, or why there is none. */
function startOf(members: readonly PlacedSymbol[], image: ImageSymbols): bigint | string {
  let possible: Set<bigint> | undefined;
  for (const symbol of members) {
    const namesakes = (image.get(symbol.name) ?? []).filter((one) => sameOrigin(one, symbol));
    const equal = namesakes.filter(({ size }) => size === symbol.size);
    if (equal.length === 0) return difference(symbol, namesakes);
    const starts = new Set(equal.map(({ value }) => value - symbol.value));
    possible = possible === undefined ? starts : possible.intersection(starts);
    if (possible.size === 0) return `${symbol.name} lies elsewhere in it than in the kernel`;
  }
  const [start, ...others] = possible ?? [];
  if (start === undefined) return 'it has no symbols';
  return others.length === 0
    ? start
    : `the kernel has ${others.length + 1} objects with just its symbols in ${members[0]?.section}`;
}

/** Local symbols keep the name of their source file in the image. */
const sameOrigin = (inImage: PlacedSymbol, inObject: PlacedSymbol): boolean =>
  inImage.code === inObject.code &&
  inImage.global === inObject.global &&
  (inImage.file === undefined || inObject.file === undefined || inImage.file === inObject.file);

const difference = ({ name, size }: PlacedSymbol, inImage: readonly PlacedSymbol[]): string =>
  inImage.length === 0
    ? `${name} is not in the kernel`
    : `${name} is ${size} bytes long in it and ${[...new Set(inImage.map((one) => one.size))].join(' or ')} in the kernel`;
