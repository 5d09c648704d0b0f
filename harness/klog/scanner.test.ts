import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiteralScanner } from './scanner.ts';

const LITERALS = ['BUG: ', 'WARNING: ', 'for more than ', 'aaaa', 'aab'];

describe('LiteralScanner', () => {
  test('finds a literal when there is one, and none that ends before it', () => {
    const scanner = new LiteralScanner(LITERALS);
    const text = fc
      .array(fc.oneof(fc.constantFrom(...LITERALS, 'BUG', 'aa', 'WARN', ' '), fc.string({ maxLength: 4 })), {
        maxLength: 30,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.nat(20), (haystack, from) => {
        const data = Buffer.from(haystack);
        const ends = LITERALS.flatMap((l) =>
          data.indexOf(l, from) < 0 ? [] : [data.indexOf(l, from) + l.length],
        );
        const at = scanner.find(data, from, data.length);
        expect(at >= 0).toBe(ends.length > 0);
        if (at < 0) return;
        expect(at).toBeGreaterThanOrEqual(from);
        expect(LITERALS.some((l) => data.indexOf(l, at) === at)).toBe(true);
        expect(Math.min(...ends)).toBeGreaterThan(at);
      }),
      { numRuns: 1000 },
    );
  });

  test('looks no further than it is told', () => {
    const scanner = new LiteralScanner(['needle']);
    expect(scanner.find(Buffer.from('a needle'), 0, 7)).toBe(-1);
    expect(scanner.find(Buffer.from('a needle'), 0, 8)).toBe(2);
    expect(scanner.find(Buffer.from('a needle'), 3, 8)).toBe(-1);
  });

  test('refuses literals that are too short to skip by', () => {
    expect(() => new LiteralScanner(['ab'])).toThrow(RangeError);
  });
});
