import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halve } from './halves.ts';

describe('halve', () => {
  test('finds the first bad patch wherever it is, in as many steps as halving takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), fc.nat(), async (count, pick) => {
        const culprit = 1 + (pick % count);
        const { first, tried } = await halve(count, async (patches) => (patches >= culprit ? 'bad' : 'good'));
        expect(first).toBe(culprit);
        expect(tried.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1);
      }),
    );
  });

  test('whatever cannot be judged, the culprit is among the suspects', async () => {
    const series = fc.record({
      count: fc.integer({ min: 1, max: 30 }),
      pick: fc.nat(),
      holes: fc.array(fc.nat(30)),
    });
    await fc.assert(
      fc.asyncProperty(series, async ({ count, pick, holes }) => {
        const culprit = 1 + (pick % count);
        const { first, suspects } = await halve(count, async (patches) => {
          if (holes.includes(patches)) return 'skip';
          return patches >= culprit ? 'bad' : 'good';
        });
        expect(suspects).toContain(culprit);
        if (first !== null) expect(first).toBe(culprit);
      }),
    );
  });
});
