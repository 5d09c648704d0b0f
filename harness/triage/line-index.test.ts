import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineIndex } from './line-index.ts';

describe('LineIndex', () => {
  test('numbers every byte as counting by hand does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n') }), { maxLength: 10 }), (pieces) => {
        const index = new LineIndex();
        for (const piece of pieces) index.push(Buffer.from(piece));
        const text = pieces.join('');
        for (let at = 0; at < text.length; at++)
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
