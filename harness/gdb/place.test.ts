import { describe, expect, test } from 'vitest';
import { byName, placeObject } from './place.ts';
import type { PlacedSymbol } from './symbols.ts';

const symbol = (
  name: string,
  value: number,
  size: number,
  more: Partial<PlacedSymbol> = {},
): PlacedSymbol => ({
  ...{ name, value: BigInt(value), size, section: '.text', code: true, global: true, file: undefined },
  ...more,
});
const local = { global: false, file: 'rsrc.c' };
const variable = { code: false, section: '.bss', ...local };

const image = byName([
  symbol('register', 0x81000100, 0x40),
  symbol('update', 0x81000140, 0x20),
  symbol('helper', 0x81000080, 0x10, local),
  symbol('helper', 0x82000080, 0x10, { ...local, file: 'rw.c' }),
  symbol('cold', 0x83000007, 0x9),
  symbol('key', 0x84000010, 0x8, variable),
]);

describe('an object in a kernel', () => {
  test('is where its functions are, less their offsets, section by section', () => {
    const symbols = [
      symbol('key', 0x10, 0x8, variable),
      symbol('cold', 0x7, 0x9, { section: '.text.unlikely' }),
      symbol('helper', 0x0, 0x10, local),
      symbol('register', 0x80, 0x40),
      symbol('update', 0xc0, 0x20),
      symbol('gone', 0, 4, { section: '.discard.text' }),
    ];
    expect(placeObject(symbols, image)).toEqual({
      sections: [
        { section: '.text', address: 0x81000080n },
        { section: '.bss', address: 0x84000000n },
        { section: '.text.unlikely', address: 0x83000000n },
      ],
    });
  });

  test.each([
    [
      'a function of another length',
      [symbol('register', 0, 0x41)],
      'register is 65 bytes long in it and 64 in the kernel',
    ],
    ['a function that is not there', [symbol('brand_new', 0, 4)], 'brand_new is not in the kernel'],
    [
      'functions at another distance',
      [symbol('register', 0, 0x40), symbol('update', 0x80, 0x20)],
      'update lies elsewhere in it than in the kernel',
    ],
    [
      "another file's function",
      [symbol('helper', 0, 0x10, { ...local, file: 'net.c' })],
      'helper is not in the kernel',
    ],
    [
      'only names that two objects have',
      [symbol('helper', 0, 0x10, { global: false })],
      'the kernel has 2 objects with just its symbols in .text',
    ],
    ['nothing', [], 'it has neither functions nor variables'],
  ])('is refused with %s', (_, symbols, problem) => {
    expect(placeObject(symbols, image)).toEqual({ problem });
  });

  test('keeps its code when its variables are not to be found', () => {
    const symbols = [symbol('register', 0, 0x40), symbol('other', 0, 8, variable)];
    expect(placeObject(symbols, image)).toEqual({ sections: [{ section: '.text', address: 0x81000100n }] });
  });
});
