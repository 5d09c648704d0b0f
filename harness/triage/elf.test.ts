import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf, readElf, SymbolTable } from './elf.ts';
import { golden } from './fixtures.ts';

/** `gcc -O2 -c` of: static inline inner(), static local() that inlines it, global(); all call outside(). */
const object = gunzipSync(golden('sample.o.gz'));

describe('parseElf', () => {
  test('finds the functions of an object, and that it has no line information', () => {
    const { symbols, hasLines } = parseElf(object);
    expect(hasLines).toBe(false);
    expect(symbols.map(({ name, global, section, file }) => [name, global, section, file])).toEqual([
      ['local', false, '.text', 'sample.c'],
      ['global', true, '.text', undefined],
    ]);
  });

  test('throws nothing but RangeError on any damage', () => {
    fc.assert(
      fc.property(
        fc.nat(object.length),
        fc.array(fc.tuple(fc.nat(object.length - 1), fc.nat(255))),
        (length, writes) => {
          const damaged = Buffer.from(object.subarray(0, length));
          for (const [at, byte] of writes) if (at < damaged.length) damaged[at] = byte;
          try {
            parseElf(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
    );
  });

  test('a file that is none is refused with its name', async () => {
    await expect(readElf(import.meta.filename)).rejects.toThrow(/elf\.test\.ts is damaged or no 64-bit/);
    await expect(readElf('/nonexistent')).rejects.toMatchObject({ code: 'NOT_A_KERNEL_IMAGE' });
  });
});

describe('SymbolTable', () => {
  const symbol = (
    name: string,
    value: number,
    size: number,
    file?: string,
  ): Parameters<SymbolTable['fits']>[0] => ({
    ...{ name, value: BigInt(value), size, section: '.text', global: file === undefined, file },
  });
  const table = new SymbolTable([
    symbol('a', 0x100, 0x2b),
    symbol('label', 0x140, 0),
    symbol('b', 0x150, 0x20, 'x.c'),
    symbol('b', 0x180, 0x20, 'y.c'),
    symbol('alias', 0x180, 0x20),
  ]);
  const [a] = table.named('a');
  const [last] = table.named('alias');

  test('a symbol reaches to the next one, as the kernel prints it', () => {
    expect(a && [0x40, 0x2b, 0x41].map((size) => table.fits(a, size))).toEqual([true, false, false]);
    expect(a && table.length(a)).toBe(0x40);
  });

  test('the last one has its own size, and padding behind', () => {
    expect(last && [0x1f, 0x20, 0x30, 0x60].map((size) => table.fits(last, size))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test('namesakes are told apart by their places', () => {
    expect(table.named('b').map(({ file }) => file)).toEqual(['x.c', 'y.c']);
    expect(table.named('absent')).toEqual([]);
  });
});
