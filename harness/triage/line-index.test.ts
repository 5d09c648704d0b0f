import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineIndex } from './line-index.ts';

/** Every offset, forwards and then backwards. */
const orderOf = (length: number): number[] => {
  const all = Array.from({ length }, (_, at) => at);
  return [...all, ...all.toReversed()];
};

describe('LineIndex', () => {
  test('numbers every byte as counting by hand does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n') }), { maxLength: 10 }), (pieces) => {
        const index = new LineIndex();
        for (const piece of pieces) index.push(Buffer.from(piece));
        const text = pieces.join('');
        for (const at of orderOf(text.length))
          expect(index.lineAt(at)).toBe(text.slice(0, at).split('\n').length);
        expect(index.lines).toBe(text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0));
      }),
    );
  });

  test('forgets what is far behind, and says that it does not know', () => {
    const index = new LineIndex();
    for (let i = 0; i < 20; i++) index.push(Buffer.alloc(1 << 20, 'x\n'));
    expect(index.lineAt(5)).toBeUndefined();
    expect(index.lineAt(20 * (1 << 20) - 1)).toBe(10 * (1 << 20));
    expect(index.bytes).toBe(20 << 20);
  });
});
